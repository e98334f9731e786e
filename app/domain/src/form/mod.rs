//! The forms and their rules: checked by the browser while somebody types, and by the backend always.
//!
//! A form is also the body of the REST call that creates or changes the thing, so its field names are
//! the API's. Rules that need the database (is this name taken?) are the services'.

mod account;
mod integration;
mod people;
mod release;
mod remote;
pub(crate) mod rules;
mod target;
mod template;

use garde::Validate;

use crate::fault::{Fault, FieldError};
use crate::text::Text;

pub use account::{SetupForm, SignInForm};
pub use integration::{ChannelForm, WebhookForm};
pub use people::{InviteForm, JoinForm, MemberForm, PasswordForm, RoleForm, TokenForm};
pub use release::{HookErrors, HookNames, MAX_HOOK_BYTES, PromoteForm, ReleaseForm, RollbackForm, StartForm};
pub use remote::{COMMAND_SECONDS, CommandForm, FilesForm, MAX_FILES_BYTES};
pub use target::{CredentialForm, DEFAULT_KEEP, EnvironmentForm, ProjectForm, ServerForm};
pub use template::HookTemplateForm;

/// What every form can do.
pub trait Form {
    /// Everything that is wrong, in no order that means anything; empty where the form may be sent.
    fn errors(&self) -> Vec<FieldError>;

    /// The same as a result.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with all that is wrong.
    fn check(&self) -> Result<(), Fault> {
        let errors = self.errors();
        if errors.is_empty() { Ok(()) } else { Err(Fault::Invalid { errors }) }
    }
}

/// Runs the rules of a form that needs no context. The rules name codes ([`rules`]); the sentence for
/// each is found here.
pub(crate) fn errors_of<T: Validate<Context = ()>>(form: &T) -> Vec<FieldError> {
    match form.validate() {
        Ok(()) => Vec::new(),
        Err(report) => report
            .iter()
            .map(|(path, error)| {
                let code = error.message();
                FieldError::new(path.to_string(), code, message(code))
            })
            .collect(),
    }
}

/// The sentence for a rule's code.
pub fn message(code: &str) -> Text {
    match code {
        "required" => Text::new("Fill this in.", "请填写此项。"),
        "too_long" => Text::new("Too long. Shorten it.", "太长了，请缩短。"),
        "too_many" => Text::new("Too many entries.", "条目太多。"),
        "too_short" => Text::new("At least 8 characters.", "至少 8 个字符。"),
        "port" => Text::new("A port from 1 to 65535.", "请填写 1 到 65535 之间的端口。"),
        "days" => Text::new("A number of days from 1 to 3650.", "请填写 1 到 3650 之间的天数。"),
        "event_days" => Text::new("A number of days from 1 to 365.", "请填写 1 到 365 之间的天数。"),
        "kept" => Text::new("A number from 1 to 1000.", "请填写 1 到 1000 之间的数字。"),
        "out_of_range" => Text::new("Outside the allowed range.", "超出允许的范围。"),
        "control" => Text::new(
            "Line breaks, control characters and invisible ones are not allowed here.",
            "此处不允许换行、控制字符或不可见字符。",
        ),
        "nul" => Text::new("The character NUL is not allowed here.", "此处不允许 NUL 字符。"),
        "hostname" => Text::new(
            "Letters, digits, dots, dashes and underscores only, beginning with a letter or digit.",
            "只能使用字母、数字、点、短横线和下划线，并以字母或数字开头。",
        ),
        "address" => Text::new("A DNS name or an IP address.", "请填写域名或 IP 地址。"),
        "path_absolute" => Text::new("An absolute path, such as /srv/shop.", "请填写绝对路径，例如 /srv/shop。"),
        "path_root" => {
            Text::new("A folder below the root, such as /srv/shop.", "不能是根目录，请填写其下的目录，例如 /srv/shop。")
        }
        "path_dots" => Text::new("`.` and `..` are not allowed as parts of a path.", "路径中不能出现 . 或 .. 部分。"),
        "path_relative" => Text::new("A path relative to the tree, such as dist.", "请填写相对路径，例如 dist。"),
        "placeholder" => Text::new("{hostname} is the only placeholder.", "只支持 {hostname} 占位符。"),
        "repo_url" => Text::new(
            "An address such as https://host/team/app.git, git@host:team/app.git, file:///srv/app.git or an absolute path.",
            "请填写仓库地址，例如 https://host/team/app.git、git@host:team/app.git、file:///srv/app.git 或绝对路径。",
        ),
        "url_password" => Text::new(
            "Take the password out of the address and store it as a credential.",
            "请不要把密码写在地址里，应保存为凭据。",
        ),
        "url" => Text::new(
            "An address that begins with https:// or http:// and a host.",
            "请填写以 https:// 或 http:// 开头并含主机名的地址。",
        ),
        "email" => Text::new("An e-mail address such as ops@example.com.", "请填写邮箱地址，例如 ops@example.com。"),
        "clock" => Text::new("A time of day such as 18:00.", "请填写时刻，例如 18:00。"),
        "local_time" => Text::new(
            "A day such as 2026-12-24, or a time such as 2026-12-24T18:00.",
            "请填写日期（如 2026-12-24）或时间（如 2026-12-24T18:00）。",
        ),
        "time_zone" => Text::new(
            "There is no such time zone. Name one such as Europe/Berlin or Asia/Shanghai.",
            "没有这个时区，请填写例如 Asia/Shanghai 或 Europe/Berlin 的名称。",
        ),
        "before_begin" => Text::new(
            "The freeze ends before it begins. Choose a later end.",
            "封网的结束早于开始，请选择更晚的结束时间。",
        ),
        "empty_window" => Text::new(
            "The freeze ends when it begins. For a whole day say 00:00 to 24:00.",
            "封网的开始与结束相同；若要全天，请填写 00:00 至 24:00。",
        ),
        "no_days" => Text::new("Choose at least one day of the week.", "请至少选择一天。"),
        "no_hook" => {
            Text::new("There is no script here that could be saved as a template.", "此处没有可保存为模板的脚本。")
        }
        "batch_missing" => Text::new(
            "How many servers a batch has: a number such as 2, or a share such as 25%.",
            "请填写每批的服务器数，例如 2，或比例，例如 25%。",
        ),
        "batch_servers" => {
            Text::new("A batch has at least one server. Write 1 or more.", "每批至少一台服务器，请填写 1 或更大的数。")
        }
        "batch_percent" => Text::new("A share from 1% to 100% of the servers.", "请填写 1% 到 100% 之间的服务器比例。"),
        "budget_servers" => Text::new(
            "0 or more servers; 0: any failure stops the release.",
            "请填写 0 或更大的数；0 表示任何失败都会停止发布。",
        ),
        "budget_percent" => {
            Text::new("A share from 0% to 100% of the servers.", "请填写 0% 到 100% 之间的服务器比例。")
        }
        "wait" => Text::new(
            "From 1 second to 7 days (604800 seconds). Leave it out to wait for a person.",
            "请填写 1 秒到 7 天（604800 秒）；留空则等待人工确认。",
        ),
        "health_placeholder" => Text::new(
            "The placeholders are {hostname}, {address}, {port}, {environment}, {release} and {commit}.",
            "可用的占位符为 {hostname}、{address}、{port}、{environment}、{release} 和 {commit}。",
        ),
        "health_password" => Text::new(
            "Take user and password out of the address: it is shown to everyone who sees the policy.",
            "请不要在地址中写用户名或密码：所有能查看策略的人都会看到。",
        ),
        "http_status" => Text::new("An HTTP status from 100 to 599.", "请填写 100 到 599 之间的 HTTP 状态码。"),
        "exit_status" => Text::new("An exit status from 0 to 255.", "请填写 0 到 255 之间的退出状态。"),
        "health_seconds" => Text::new(
            "A pause from 0 to 600 seconds; a time limit from 1 to 600 seconds.",
            "间隔为 0 到 600 秒，时限为 1 到 600 秒。",
        ),
        "health_tries" => Text::new("From 1 to 100 tries.", "请填写 1 到 100 次。"),
        "duplicate" => Text::new("The same entry twice.", "条目重复。"),
        "nested" => Text::new(
            "One of these lies within another, in this list or the other. The outer one is enough.",
            "其中一项位于另一项之内（包括另一列表），保留外层即可。",
        ),
        "shared_relative" => Text::new(
            "A path within shared/, such as storage or config/app.env: it does not begin with a slash.",
            "请填写 shared/ 之内的路径，例如 storage 或 config/app.env，不以斜杠开头。",
        ),
        "shared_path" => Text::new(
            "A path such as storage or config/app.env: one slash between its parts, none at its end.",
            "请填写如 storage 或 config/app.env 的路径：各部分之间一个斜杠，末尾没有斜杠。",
        ),
        "owner" => Text::new(
            "A user, such as www-data, or user:group, or :group.",
            "请填写用户，例如 www-data，或 用户:组，或 :组。",
        ),
        "octal" => Text::new("Three octal digits, such as 640.", "请填写三位八进制数，例如 640。"),
        "owner_reads" => Text::new(
            "The owner has to be able to read: the first digit is 4 or 6.",
            "所有者必须可读：第一位是 4 或 6。",
        ),
        "no_execute" => Text::new(
            "Even digits only: whether a file may be executed is kept from the tree.",
            "只能用偶数：文件是否可执行沿用代码树中的设置。",
        ),
        "owner_enters" => Text::new(
            "The owner has to be able to enter and change folders: the first digit is 7.",
            "所有者必须能进入和修改文件夹：第一位是 7。",
        ),
        "ref_name" => {
            Text::new("This cannot be the name of a tag, branch or commit.", "这不是合法的标签、分支或提交名称。")
        }
        _ => Text::new("This is not valid.", "此项无效。"),
    }
}
