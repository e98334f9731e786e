//! What a message says, in one language and in no format yet.

use launchway_domain::{Lang, NoticeEvent, ReleaseKind, Text, text};
use launchway_engine::store::{LiveNotice, Notice};
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
        if let Some(live) = &notice.live {
            return Self::live(live, notice.event, lang, public);
        }
        let Some(release) = &notice.release else { return Self::test(lang, public) };
        let say = |text: Text| line(text.get(lang));
        let (id, project, environment) = (release.id, &release.project_title, &release.environment_name);
        let noun = match release.kind {
            ReleaseKind::Release => Text::new("Release", "发布"),
            ReleaseKind::Rollback => Text::new("Rollback", "回滚"),
        };
        let did = notice.event.and_then(did).unwrap_or_else(|| release.status.label());
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

    /// What was found on servers.
    fn live(live: &LiveNotice, event: Option<NoticeEvent>, lang: Lang, public: Option<&Url>) -> Self {
        let say = |text: Text| line(text.get(lang));
        let (project, environment, count) = (&live.project_title, &live.environment_name, live.count);
        let title = if event == Some(NoticeEvent::Settled) {
            text!(
                "{project}: {environment} has again what was released, on {count} servers",
                "{project}：{environment} 的 {count} 台服务器已恢复为所发布的内容"
            )
        } else {
            text!(
                "{project}: what is live in {environment} has drifted, on {count} servers",
                "{project}：{environment} 的 {count} 台服务器上的内容已偏离"
            )
        };
        let kind = text!("{environment} ({})", "{environment}（{}）"; live.environment_kind.label());
        let mut facts = vec![(say(Text::new("Environment", "环境")), say(kind))];
        facts.extend(live.servers.iter().map(|on| {
            let what = match &on.detail {
                Some(detail) => text!("{}: {}", "{}：{}"; on.state.label(), detail),
                None => on.state.label(),
            };
            (line(&on.hostname), say(what))
        }));
        let more = count - live.servers.len().min(count);
        if more > 0 {
            facts.push((say(Text::new("And more servers", "另有服务器")), more.to_string()));
        }
        let link = public.and_then(|public| {
            let mut url = public.join("/live").ok()?;
            url.query_pairs_mut().append_pair("project", &live.project_id.to_string()).append_pair("q", environment);
            Some((url.to_string(), say(Text::new("See what is live", "查看线上内容"))))
        });
        Self { title: say(title), facts, link, lang }
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

/// What a release did; none where the event is not about one.
fn did(event: NoticeEvent) -> Option<Text> {
    Some(match event {
        NoticeEvent::Created => Text::new("was created", "已创建"),
        NoticeEvent::AwaitingApproval => Text::new("awaits approval", "等待审批"),
        NoticeEvent::Started => Text::new("started", "已开始"),
        NoticeEvent::Succeeded => Text::new("succeeded", "成功"),
        NoticeEvent::Failed => Text::new("failed", "失败"),
        NoticeEvent::Canceled => Text::new("was canceled", "已取消"),
        NoticeEvent::Drifted | NoticeEvent::Settled => return None,
    })
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
        EnvironmentId, EnvironmentKind, GitRef, LiveState, ProjectId, RefKind, Release, ReleaseId, ReleaseStatus,
        Timestamp,
    };

    use launchway_engine::store::LiveOn;

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
        Notice { event: Some(event), at: Timestamp(0), release: Some(release), live: None }
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

    #[test]
    fn drift_names_its_servers_and_what_is_wrong_there() {
        let on = |hostname: &str, state, detail: Option<Text>| LiveOn {
            hostname: hostname.into(),
            state,
            code: None,
            detail,
        };
        let live = LiveNotice {
            project_id: ProjectId(1),
            project_title: "Shop".into(),
            environment_id: EnvironmentId(2),
            environment_name: "live & well".into(),
            environment_kind: EnvironmentKind::Prod,
            count: 23,
            servers: vec![
                on("web-1", LiveState::Drift, Some(Text::new("index.html\nwas changed.", "index.html 已被修改。"))),
                on("web-2", LiveState::Unreachable, None),
            ],
        };
        let drifted = |event, live| Notice { event: Some(event), at: Timestamp(0), release: None, live: Some(live) };
        let public = Url::parse("https://ship.example").unwrap();
        let message = Message::of(&drifted(NoticeEvent::Drifted, live.clone()), Lang::En, Some(&public));
        assert_eq!(message.title, "Shop: what is live in live & well has drifted, on 23 servers");
        assert_eq!(
            message.facts[1..],
            [
                ("web-1".into(), "drifted: index.html was changed.".into()),
                ("web-2".into(), "out of reach".into()),
                ("And more servers".into(), "21".into())
            ]
        );
        assert_eq!(message.link.unwrap().0, "https://ship.example/live?project=1&q=live+%26+well");
        let message = Message::of(&drifted(NoticeEvent::Settled, live), Lang::Zh, None);
        assert_eq!(message.title, "Shop：live & well 的 23 台服务器已恢复为所发布的内容");
        assert!(message.plain().contains("web-1：已偏离：index.html 已被修改。"), "{}", message.plain());
    }
}
