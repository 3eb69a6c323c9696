//! What Kingdee says, in Chinese or, where the log-in asked for lcid 1033, in English.
//!
//! The Chinese texts are those of targets/kingdee.md 4, 6 and 8. The English ones are choices, but for the line that the guide
//! quotes for an edit conflict and the one client's string for a lost session.

use super::forms::Form;

/// The language of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// lcid 2052, and everything that is not 1033.
    Chinese,
    /// lcid 1033.
    English,
}

impl Tongue {
    /// The language of an lcid.
    pub fn of(lcid: i64) -> Tongue {
        if lcid == 1033 { Tongue::English } else { Tongue::Chinese }
    }

    /// Its lcid.
    pub fn lcid(self) -> i64 {
        match self {
            Tongue::Chinese => 2052,
            Tongue::English => 1033,
        }
    }

    /// The title of a form.
    pub fn title(self, form: &Form) -> &'static str {
        match self {
            Tongue::Chinese => form.title.0,
            Tongue::English => form.title.1,
        }
    }

    fn say(self, chinese: String, english: String) -> String {
        match self {
            Tongue::Chinese => chinese,
            Tongue::English => english,
        }
    }

    /// The session is lost.
    pub fn lost(self) -> String {
        self.say("会话信息已丢失，请重新登录".into(), "Session information is lost, please log in again".into())
    }

    /// Another user edits the record. The Chinese template was captured on real sites (targets/kingdee.md 8).
    pub fn conflict(self, form: &Form, holder: &str, number: &str) -> String {
        let title = self.title(form);
        self.say(
            format!("“{holder}”使用业务单据：“{title}”业务操作-“[{title}-{number}-修改]”冲突，请稍候再使用。"),
            format!(
                "\"{holder}\" using business document: \"{title}\" business operation - \"{title}-{number}-Modify\" \
                 conflict, please try again later."
            ),
        )
    }

    /// Another user has changed the record since it was read.
    pub fn changed(self, number: &str) -> String {
        self.say(
            format!("编码为“{number}”的数据已被其他用户修改，请刷新后再操作。"),
            format!("The data with number \"{number}\" has been modified by another user. Refresh and try again."),
        )
    }

    /// There is no such form.
    pub fn no_form(self, form: &str) -> String {
        self.say(
            format!("标识为“{form}”的业务对象不存在，或者被删除。"),
            format!("The business object \"{form}\" does not exist or has been deleted."),
        )
    }

    /// There is no such field.
    pub fn no_field(self, field: &str) -> String {
        self.say(
            format!("元数据中标识为{field}的字段不存在"),
            format!("The field {field} does not exist in the metadata"),
        )
    }

    /// The caller may not.
    pub fn no_right(self, form: &Form, what: (&str, &str)) -> String {
        let title = self.title(form);
        self.say(
            format!("您没有“{title}”的“{}”权限，请联系系统管理员！", what.0),
            format!("You have no \"{}\" permission for \"{title}\". Contact the system administrator.", what.1),
        )
    }

    /// A value is taken.
    pub fn taken(self, field: &str, value: &str) -> String {
        self.say(format!("{field}“{value}”已存在"), format!("{field} \"{value}\" already exists"))
    }

    /// A value is missing.
    pub fn missing(self, field: &str) -> String {
        self.say(format!("{field}不能为空"), format!("{field} is required"))
    }

    /// A reference does not lead anywhere, and was asked to be checked.
    pub fn no_reference(self, field: &str, value: &str) -> String {
        self.say(format!("{field}的值“{value}”不存在"), format!("The value \"{value}\" of {field} does not exist"))
    }

    /// There is no such record.
    pub fn no_record(self, key: &str) -> String {
        self.say(format!("传递的编码或内码“{key}”不存在"), format!("There is no record with number or id \"{key}\""))
    }

    /// The record's state does not allow it.
    pub fn wrong_state(self, number: &str, state: &str, operation: (&str, &str)) -> String {
        let name = match (self, state) {
            (Tongue::Chinese, "Z") => "暂存",
            (Tongue::Chinese, "A") => "创建",
            (Tongue::Chinese, "B") => "审核中",
            (Tongue::Chinese, "C") => "已审核",
            (Tongue::Chinese, _) => "重新审核",
            (Tongue::English, "Z") => "draft",
            (Tongue::English, "A") => "created",
            (Tongue::English, "B") => "under review",
            (Tongue::English, "C") => "audited",
            (Tongue::English, _) => "to be reviewed again",
        };
        self.say(
            format!("编码为“{number}”的数据{name}，不允许{}！", operation.0),
            format!("The data with number \"{number}\" is {name}; {} is not allowed.", operation.1),
        )
    }

    /// The form has no such operation.
    pub fn no_operation(self, form: &Form, operation: &str) -> String {
        let title = self.title(form);
        self.say(
            format!("业务对象“{title}”没有标识为“{operation}”的操作"),
            format!("The business object \"{title}\" has no operation \"{operation}\""),
        )
    }

    /// A filter cannot be read.
    pub fn bad_filter(self, why: &str) -> String {
        self.say(format!("过滤条件解析错误：{why}"), format!("The filter cannot be parsed: {why}"))
    }

    /// A page is too long.
    pub fn over_limit(self, cap: u64) -> String {
        self.say(format!("Limit不能超过{cap}"), format!("Limit must not exceed {cap}"))
    }
}
