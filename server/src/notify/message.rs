//! What a message says, in one language and in no format yet.

use launchway_domain::{Lang, NoticeEvent, ReleaseKind, Text, text};
use launchway_engine::store::Notice;
use url::Url;

/// The longest value of a line, in characters.
const MAX_VALUE: usize = 500;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The sentence that it begins with; one line.
    pub(super) title: String,
    /// Names and values, each one line.
    pub(super) facts: Vec<(String, String)>,
    /// Where to look, and what that is called.
    pub(super) link: Option<(String, String)>,
    /// In which language.
    pub(super) lang: Lang,
}

impl Message {
    /// The words for what happened. Links begin with `public`; without it there are none.
    pub(super) fn of(notice: &Notice, lang: Lang, public: Option<&Url>) -> Self {
        let Some(release) = &notice.release else { return Self::test(lang, public) };
        let say = |text: Text| line(text.get(lang));
        let (id, project, environment) = (release.id, &release.project_title, &release.environment_name);
        let noun = match release.kind {
            ReleaseKind::Release => Text::new("Release", "发布"),
            ReleaseKind::Rollback => Text::new("Rollback", "回滚"),
        };
        let did = notice.event.map_or_else(|| release.status.label(), did);
        let title =
            text!("{project}: {} #{id} to {environment} {}", "{project}：{} #{id} 到 {environment} {}"; noun, did);
        let git_ref = &release.git_ref.name;
        let ref_line = text!("{} {git_ref}", "{} {git_ref}"; release.git_ref.kind.label());
        let mut facts = vec![
            (Text::new("Version", "版本"), ref_line),
            (Text::new("Commit", "提交"), Text::verbatim(release.commit.chars().take(12).collect::<String>())),
            (
                Text::new("Environment", "环境"),
                text!("{environment} ({})", "{environment}（{}）"; release.environment_kind.label()),
            ),
            (Text::new("By", "发布人"), Text::verbatim(release.created_by_name.clone())),
        ];
        if let Some(note) = &release.note {
            facts.push((Text::new("Note", "备注"), Text::verbatim(note.clone())));
        }
        if let Some(error) = release.error.clone().filter(|_| notice.event == Some(NoticeEvent::Failed)) {
            facts.push((Text::new("Reason", "原因"), error));
        }
        let link = public.and_then(|public| public.join(&format!("/releases/{id}")).ok());
        Self {
            title: say(title),
            facts: facts.into_iter().map(|(name, value)| (say(name), say(value))).collect(),
            link: link.map(|url| (url.to_string(), say(Text::new("Open the release", "查看发布")))),
            lang,
        }
    }

    fn test(lang: Lang, public: Option<&Url>) -> Self {
        let title = Text::new(
            "Launchway: this is a test message. Notifications arrive here.",
            "Launchway：这是一条测试消息，通知将发送到此处。",
        );
        let open = Text::new("Open Launchway", "打开 Launchway");
        Self {
            title: title.get(lang).to_owned(),
            facts: Vec::new(),
            link: public.map(|url| (url.to_string(), open.get(lang).to_owned())),
            lang,
        }
    }

    /// All of it as plain text.
    pub(super) fn plain(&self) -> String {
        let colon = match self.lang {
            Lang::En => ": ",
            Lang::Zh => "：",
        };
        let mut plain = self.title.clone();
        for (name, value) in &self.facts {
            plain.push_str(&format!("\n{name}{colon}{value}"));
        }
        if let Some((url, _)) = &self.link {
            plain.push_str(&format!("\n{url}"));
        }
        plain
    }
}

fn did(event: NoticeEvent) -> Text {
    match event {
        NoticeEvent::Created => Text::new("was created", "已创建"),
        NoticeEvent::AwaitingApproval => Text::new("awaits approval", "等待审批"),
        NoticeEvent::Started => Text::new("started", "已开始"),
        NoticeEvent::Succeeded => Text::new("succeeded", "成功"),
        NoticeEvent::Failed => Text::new("failed", "失败"),
        NoticeEvent::Canceled => Text::new("was canceled", "已取消"),
    }
}

/// One line of ordinary length: what people typed cannot begin another one.
fn line(text: &str) -> String {
    let mut line: String =
        text.chars().take(MAX_VALUE).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_VALUE).is_some() {
        line.push('…');
    }
    line.trim().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use launchway_domain::{
        EnvironmentId, EnvironmentKind, GitRef, ProjectId, RefKind, Release, ReleaseId, ReleaseStatus, Timestamp,
    };

    use super::*;

    pub(in crate::notify) fn notice(event: NoticeEvent) -> Notice {
        let release = Release {
            id: ReleaseId(7),
            project_id: ProjectId(1),
            project_title: "Shop <b>&".into(),
            environment_id: EnvironmentId(2),
            environment_name: "live".into(),
            environment_kind: EnvironmentKind::Prod,
            git_ref: GitRef { kind: RefKind::Tag, name: "v1.2".into() },
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            status: ReleaseStatus::Failed,
            note: Some("one\n[two](https://evil.example)".into()),
            error: Some(Text::new("The disk is full.", "磁盘已满。")),
            created_by_name: "ada".into(),
            ..Default::default()
        };
        Notice { event: Some(event), at: Timestamp(0), release: Some(release) }
    }

    #[test]
    fn it_says_what_happened_in_both_languages() {
        let public = Url::parse("https://ship.example").unwrap();
        let message = Message::of(&notice(NoticeEvent::Failed), Lang::En, Some(&public));
        assert_eq!(message.title, "Shop <b>&: Release #7 to live failed");
        assert!(message.facts.contains(&("Reason".into(), "The disk is full.".into())));
        assert!(message.facts.contains(&("Note".into(), "one [two](https://evil.example)".into())));
        assert!(message.plain().ends_with("\nhttps://ship.example/releases/7"));
        let message = Message::of(&notice(NoticeEvent::Succeeded), Lang::Zh, None);
        assert_eq!(message.title, "Shop <b>&：发布 #7 到 live 成功");
        assert!(message.plain().contains("版本：标签 v1.2") && message.link.is_none());
        assert!(!message.plain().contains("磁盘"), "{}", message.plain());
    }
}
