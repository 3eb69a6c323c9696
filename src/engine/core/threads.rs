//! The threads that the engine lives on.

/// A key is answered at once though all cores read and compare.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The runtime that the engine wants: two workers, which only wait for sockets.
///
/// # Errors
/// When the operating system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    threads().build()
}

/// The same for an engine that somebody looks at: whatever it reads and compares gives way to the thread that draws.
///
/// # Errors
/// When the operating system gives no threads.
pub fn behind_a_face() -> std::io::Result<tokio::runtime::Runtime> {
    // Who has had the pool before keeps it as it is.
    let _ = rayon::ThreadPoolBuilder::new().start_handler(|_| give_way()).build_global();
    threads().on_thread_start(give_way).build()
}

fn threads() -> tokio::runtime::Builder {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("engine").enable_all();
    builder
}

/// Lets other threads go first. Only Linux has this for one thread; elsewhere it would be the whole process.
fn give_way() {
    // Without it a key is answered a little later on a busy machine, and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}
