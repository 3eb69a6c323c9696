//! What Kingdee's answers mean, told to the operator: what happened, what it means, what to do.

use super::answer::{self, Answer, Complaint};
use super::forms::data_of;
use crate::connectors::fault::status_text;
use crate::plan::{Body, Reply, Request};

/// An answer that is no yes.
pub(super) fn told(answer: &Answer) -> String {
    match answer {
        Answer::No(complaint) => explained(complaint),
        Answer::Odd(what) => format!(
            "Kingdee answered with {what}: that is neither a yes nor a no; calls without a valid session are answered so, or \
             server_address leads elsewhere"
        ),
        Answer::Rows => "Kingdee answered with rows where none were asked for".into(),
        Answer::Yes(_) => "Kingdee answered with a result where rows were asked for".into(),
    }
}

/// A complaint with what it means.
pub(super) fn explained(complaint: &Complaint) -> String {
    let said = &complaint.text;
    if complaint.lost() {
        // targets/kingdee.md 4: the same words mean a lost session and an application that was never let in.
        return format!(
            "\"{said}\": the session is not known to the site. Right after a log-in this means that the application is not \
             authorised: check that it is enabled under Third-Party System Login Authorization, its data_center_id, the \
             integration user and the IP list there. With login = \"header\" a site may go on saying so for minutes after a \
             session has expired, and each call begins those minutes anew: leave it alone for five, or use login = \"app-secret\""
        );
    }
    if let Some(holder) = complaint.in_use() {
        return format!("in use by {holder}: somebody is editing the record in Kingdee (\"{said}\")");
    }
    let more = if complaint.moved() {
        ": it was written by somebody else meanwhile; look at it again"
    } else if complaint.no_field() {
        ": this version of the form has no such field; it can be left out in a mapping file of your own"
    } else if complaint.no_right() {
        ": the integration user lacks a right; its roles in Kingdee have to be extended"
    } else if complaint.suspected() {
        ": the site's request filter stopped it; its rules have to let WebAPI calls pass"
    } else if complaint.in_review() {
        ": it is in review in Kingdee; audit it there, or take its submission back, and push again"
    } else if complaint.taken() {
        ": a record with this number or account is there already"
    } else {
        ""
    };
    format!("\"{said}\"{more}")
}

/// An error reply to a read.
pub(super) fn explain(request: &Request, reply: &Reply) -> String {
    let form = form(request).map(|form| format!("{form}: ")).unwrap_or_default();
    let answer = answer::read(reply);
    match (&answer, reply.status) {
        (_, 401 | 403) => format!("{form}{}: the site does not let us in", status_text(reply.status)),
        // A call is a POST, and nothing that is no GET is sent to another place than it was meant for.
        (_, 300..=399) => format!(
            "{form}{}: the site sends calls elsewhere, and none is sent after; server_address must be the address that it \
             sends to",
            status_text(reply.status)
        ),
        (_, 404) => format!(
            "{form}{}: there is no WebAPI at {}; server_address must be the prefix that ends in /k3cloud/",
            status_text(404),
            request.path
        ),
        (_, 502) => {
            format!("{form}{}: Kingdee answers so to HTTP/2; something on the way may force it", status_text(502))
        }
        _ => format!("{form}{}", told(&answer)),
    }
}

/// The form that a request is about.
pub(super) fn form(request: &Request) -> Option<String> {
    let Body::Json { json, .. } = &request.body else { return None };
    let of_query = || data_of(json)?.get("FormId").cloned();
    json.get("formid").cloned().or_else(of_query)?.as_str().map(str::to_owned)
}
