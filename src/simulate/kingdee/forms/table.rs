//! The forms themselves.

use super::{DEPARTMENT, EMPLOYEE, Entry, Field, Form, ORGANISATION, POSTING, ROLE, Sort, USER};

const fn key(key: &'static str) -> Field {
    Field::new(key, "Id", Sort::Key, "内码")
}

const fn text(key: &'static str, name: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Text, caption)
}

const fn multi(key: &'static str, name: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Multi, caption)
}

const fn date(key: &'static str, name: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Date, caption)
}

const fn flag(key: &'static str, name: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Flag, caption)
}

const fn number(key: &'static str, name: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Number, caption)
}

const fn refer(key: &'static str, name: &'static str, form: &'static str, caption: &'static str) -> Field {
    Field::new(key, name, Sort::Refer(form), caption)
}

const FORBID: Field = text("FForbidStatus", "ForbidStatus", "禁用状态");
const STATE: Field = text("FDocumentStatus", "DocumentStatus", "数据状态");
const CREATE_ORG: Field = refer("FCreateOrgId", "CreateOrgId", ORGANISATION, "创建组织");
const USE_ORG: Field = refer("FUseOrgId", "UseOrgId", ORGANISATION, "使用组织");

static ROLE_INFO: Entry = Entry {
    key: "FRoleInfo",
    name: "RoleInfo",
    caption: "角色信息",
    fields: &[refer("FRoleId", "RoleId", ROLE, "角色").must()],
    below: None,
};

static ORG_INFO: Entry = Entry {
    key: "FOrgInfo",
    name: "OrgInfo",
    caption: "组织信息",
    fields: &[refer("FOrgOrgId", "OrgOrgId", ORGANISATION, "组织").must()],
    below: Some(&ROLE_INFO),
};

static POST_ENTITY: Entry = Entry {
    key: "FPostEntity",
    name: "PostEntity",
    caption: "任岗信息",
    fields: &[
        refer("FWorkOrgId", "WorkOrgId", ORGANISATION, "任职组织").must(),
        refer("FPostDept", "PostDept", DEPARTMENT, "任职部门").must(),
        text("FPost", "Post", "就任岗位"),
        date("FStaffStartDate", "StaffStartDate", "任职开始日期"),
        flag("FIsFirstPost", "IsFirstPost", "是否主任岗"),
    ],
    below: None,
};

static POST_BILL: Entry = Entry {
    key: "FPOSTBILLEntity",
    name: "POSTBILLEntity",
    caption: "任岗明细",
    fields: &[flag("FIsFirstPost", "IsFirstPost", "是否主任岗")],
    below: None,
};

/// All forms.
pub static FORMS: [Form; 6] = [
    Form {
        id: USER,
        title: ("用户", "User"),
        key: "FUserID",
        number: "FUserAccount",
        fields: &[
            key("FUserID"),
            text("FUserAccount", "UserAccount", "登录账号").one(),
            text("FNumber", "Number", "编码").alias("FUserAccount"),
            text("FName", "Name", "用户名称"),
            text("FPhone", "Phone", "手机"),
            text("FEmail", "Email", "邮箱"),
            FORBID,
            refer("FOrgId", "OrgId", ORGANISATION, "所属组织"),
            text("FUserType", "UserType", "用户类型"),
            // targets/kingdee.md 9: the id of a person, not of an employee.
            number("FLinkObject", "LinkObject", "联系对象"),
            // An Android client reads it under its key (targets/kingdee.md 9).
            multi("FDescription", "FDescription", "描述"),
            date("FCreateDate", "CreateDate", "创建日期"),
            flag("FIsLocked", "IsLocked", "是否锁定"),
            flag("FIsLockTerminal", "IsLockTerminal", "是否锁定终端"),
        ],
        entry: Some(&ORG_INFO),
        states: false,
        delete: false,
    },
    Form {
        id: ROLE,
        title: ("角色", "Role"),
        key: "FRoleID",
        number: "FNumber",
        fields: &[
            key("FRoleID"),
            text("FNumber", "Number", "编码").must().one(),
            multi("FName", "Name", "名称").must(),
            multi("FDescription", "Description", "描述"),
            FORBID,
        ],
        entry: None,
        states: false,
        delete: true,
    },
    Form {
        id: ORGANISATION,
        title: ("组织机构", "Organization"),
        key: "FOrgID",
        number: "FNumber",
        fields: &[
            key("FOrgID"),
            text("FNumber", "Number", "编码").must().one(),
            multi("FName", "Name", "名称").must(),
            text("FOrgFormID", "OrgFormID", "形态"),
            text("FAcctOrgType", "AcctOrgType", "核算组织类型"),
            text("FOrgFunctions", "OrgFunctions", "组织职能"),
            FORBID,
            STATE,
        ],
        entry: None,
        states: true,
        delete: true,
    },
    Form {
        id: DEPARTMENT,
        title: ("部门", "Department"),
        key: "FDEPTID",
        number: "FNumber",
        fields: &[
            key("FDEPTID"),
            text("FNumber", "Number", "编码").must().one(),
            multi("FName", "Name", "名称").must(),
            multi("FFullName", "FullName", "部门全称"),
            refer("FParentID", "ParentID", DEPARTMENT, "上级部门"),
            Field { must: true, ..CREATE_ORG },
            Field { must: true, ..USE_ORG },
            date("FEffectDate", "EffectDate", "生效日期"),
            date("FLapseDate", "LapseDate", "失效日期"),
            text("FDeptProperty", "DeptProperty", "部门属性"),
            text("FGroup", "Group", "部门分组"),
            text("FHelpCode", "HelpCode", "助记码"),
            FORBID,
            STATE,
        ],
        entry: None,
        states: true,
        delete: true,
    },
    Form {
        id: EMPLOYEE,
        title: ("员工", "Employee"),
        key: "FID",
        number: "FStaffNumber",
        fields: &[
            key("FID"),
            multi("FName", "Name", "员工姓名").must(),
            text("FStaffNumber", "StaffNumber", "员工编号").must().one(),
            text("FNumber", "Number", "编码").alias("FStaffNumber"),
            text("FMobile", "Mobile", "移动电话"),
            text("FTel", "Tel", "固定电话"),
            text("FEmail", "Email", "电子邮箱"),
            Field { must: true, ..CREATE_ORG },
            Field { must: true, ..USE_ORG },
            date("FJoinDate", "JoinDate", "入职日期"),
            flag("FCreateUser", "CreateUser", "创建用户"),
            refer("FUserId", "UserId", USER, "用户"),
            number("FPersonId", "PersonId", "人员"),
            FORBID,
            STATE,
        ],
        entry: Some(&POST_ENTITY),
        states: true,
        delete: true,
    },
    Form {
        id: POSTING,
        title: ("任岗", "Posting"),
        key: "FSTAFFID",
        number: "FNumber",
        fields: &[
            key("FSTAFFID"),
            text("FNumber", "Number", "编码").must().one(),
            text("FStaffNumber", "StaffNumber", "员工编号"),
            number("FPerson", "Person", "人员"),
            refer("FEmpInfoId", "EmpInfoId", EMPLOYEE, "员工").must(),
            CREATE_ORG,
            USE_ORG,
            refer("FDept", "Dept", DEPARTMENT, "所属部门").must(),
            text("FPosition", "Position", "就任岗位"),
            date("FStartDate", "StartDate", "任职开始日期"),
            FORBID,
            STATE,
        ],
        entry: Some(&POST_BILL),
        states: true,
        delete: true,
    },
];
