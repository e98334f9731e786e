//! Single commands that people run on servers, and what came of them.

use serde::{Deserialize, Serialize};

use crate::id::{CommandId, EnvironmentId, ProjectId, ServerId};
use crate::log::OutputGroup;
use crate::text::Text;
use crate::time::Timestamp;
use crate::word::words;

words! {
    /// Where a command stands.
    CommandStatus {
        /// It runs on some server still.
        Running: "running", "running", "运行中";
        /// It has ended everywhere, however it ended.
        Done: "done", "done", "已完成";
        /// Somebody stopped it.
        Canceled: "canceled", "canceled", "已取消";
        /// The program that looked after it went away: what came of it is not known.
        Lost: "lost", "lost", "已失联";
    }
}

/// Servers on which a command did not come to its own end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unfinished {
    /// Its name.
    pub host: String,
    /// Why: out of reach, out of time, canceled.
    pub error: Text,
}

/// A command, and what came of it. Identical outputs are said once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommandRun {
    /// Its number.
    pub id: CommandId,
    /// In which environment.
    pub environment_id: EnvironmentId,
    /// Of which project.
    pub project_id: ProjectId,
    /// The text.
    pub command: String,
    /// On which servers.
    pub server_ids: Vec<ServerId>,
    /// How long it might take on each, in seconds.
    pub timeout_s: u32,
    /// Where it stands.
    pub status: CommandStatus,
    /// Who ran it.
    pub created_by_name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it had ended everywhere.
    pub finished_at: Option<Timestamp>,
    /// The outcomes in one line: "61 identical, 3 differ"; none while it runs.
    pub summary: Option<Text>,
    /// Exit status and output, the largest group first; the others with their difference from it.
    pub groups: Vec<OutputGroup>,
    /// The servers on which it did not come to its own end.
    pub unfinished: Vec<Unfinished>,
}

/// What there is to fetch on one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilesOn {
    /// Which server.
    pub server_id: ServerId,
    /// Its name.
    pub hostname: String,
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Why there is nothing, where that is so.
    pub error: Option<Text>,
}

/// What there is to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilesPreview {
    /// How many files on all servers.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Server by server.
    pub servers: Vec<FilesOn>,
}

/// The outcomes in one line. Each server is counted once: one that failed differs as well, which goes without saying.
pub fn summary(groups: &[OutputGroup], unfinished: &[Unfinished]) -> Text {
    let mut went_well = groups.iter().filter(|group| group.exit_status == Some(0)).map(|group| group.hosts.len());
    let same = went_well.next().unwrap_or(0);
    let differ: usize = went_well.sum();
    let (mut en, mut zh) = match (same, differ) {
        (0, _) => (String::new(), String::new()),
        (same, 0) => (format!("{same} identical"), format!("{same} 台一致")),
        (same, differ) => (format!("{same} identical, {differ} differ"), format!("{same} 台一致，{differ} 台不同")),
    };
    let failed = groups.iter().filter(|group| group.exit_status != Some(0)).map(|group| group.hosts.len()).sum();
    for (count, said_en, said_zh) in [(failed, "failed", "台失败"), (unfinished.len(), "unfinished", "台未完成")]
    {
        if count > 0 {
            if !en.is_empty() {
                en.push_str(", ");
                zh.push('，');
            }
            en.push_str(&format!("{count} {said_en}"));
            zh.push_str(&format!("{count} {said_zh}"));
        }
    }
    Text { en: en.into(), zh: zh.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(hosts: usize, exit_status: i32) -> OutputGroup {
        let hosts = (0..hosts).map(|host| host.to_string()).collect();
        OutputGroup { hosts, exit_status: Some(exit_status), ..Default::default() }
    }

    #[test]
    fn what_is_the_same_is_counted_once() {
        assert_eq!(summary(&[group(61, 0), group(2, 0), group(1, 0)], &[]).en, "61 identical, 3 differ");
        assert_eq!(summary(&[group(2, 0), group(1, 7)], &[]).en, "2 identical, 1 failed");
        assert_eq!(summary(&[group(4, 0), group(1, 7), group(1, 0)], &[]).zh, "4 台一致，1 台不同，1 台失败");
        assert_eq!(summary(&[group(3, 1), group(1, 0)], &[]).en, "1 identical, 3 failed");
        assert_eq!(summary(&[group(3, 1)], &[]).en, "3 failed");
        let lost = Unfinished { host: "a".into(), error: Text::new("", "") };
        assert_eq!(summary(&[group(4, 0)], std::slice::from_ref(&lost)).en, "4 identical, 1 unfinished");
        assert_eq!(summary(&[], &[lost]).en, "1 unfinished");
    }
}
