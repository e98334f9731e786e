//! `launchway audit …`: beside the data folder, so that it needs nobody who serves.

use std::io::Write;

use clap::Subcommand;
use launchway_domain::{Actor, AuditFilter, Fault, Text, text};
use launchway_engine::store::{Anchor, Finding, StoreError};

use super::program::Ground;
use super::say::{self, Failure};
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Verifies that no entry was changed, removed or inserted by hand; fails with the first that was
    Verify {
        /// An entry that was written down elsewhere, as an earlier run printed it: 1042:5f0c…
        #[arg(long, value_name = "NUMBER:HASH")]
        anchor: Option<Anchor>,
        /// Prints what was found as JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the entries as JSON Lines, oldest first
    Export {
        /// From this day or time on: 2026-05-01, 2026-05-01T08:30:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// To the end of this day, or before this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

pub(super) async fn run(config: Config, command: AuditCommand) -> Result<(), Failure> {
    let ground = Ground::open(&config).await?;
    match command {
        AuditCommand::Verify { anchor, json } => verify(&ground, anchor, json).await,
        AuditCommand::Export { since, until } => export(&ground, since, until).await,
    }
}

async fn verify(ground: &Ground, anchor: Option<Anchor>, json: bool) -> Result<(), Failure> {
    let verified = ground.services.store().audit_verify(anchor.as_ref()).await.map_err(|e| reading(&e))?;
    if json {
        let line = serde_json::to_string(&verified).map_err(|e| Failure::new(&writing(), e))?;
        println!("{line}");
    }
    let (entries, last) = (verified.entries, verified.last);
    match verified.finding {
        Some(finding) => Err(Failure::Said(told(finding, entries))),
        None if json => Ok(()),
        None if entries == 0 => {
            say::line(&Text::new("There is no entry yet.", "尚无审计记录。"));
            Ok(())
        }
        None => {
            say::line(&text!(
                "All {entries} entries are as they were written. Keep the last one's hash somewhere else, and give it \
                 to --anchor next time:\n{last}",
                "全部 {entries} 条记录均与写入时一致。请将最后一条的哈希另存他处，下次通过 --anchor 提供：\n{last}"
            ));
            Ok(())
        }
    }
}

/// What is wrong, and with which entry.
fn told(finding: Finding, entries: u64) -> Text {
    let what = match finding {
        Finding::Changed(seq) => text!("entry {seq} was changed", "第 {seq} 条记录被修改"),
        Finding::Forged(seq) => text!(
            "entry {seq} was changed or inserted by somebody without the master key, who made its hash fit",
            "第 {seq} 条记录被没有主密钥的人修改或插入，并重新计算了哈希"
        ),
        Finding::Inserted(seq) => text!("entry {seq} was inserted", "第 {seq} 条记录是被插入的"),
        Finding::Moved { seq, was } => text!(
            "entry {seq} was changed: in its place stands entry {was}",
            "第 {seq} 条记录被修改：其位置上是第 {was} 条记录"
        ),
        Finding::Removed { from, to } if from == to => text!("entry {from} was removed", "第 {from} 条记录被删除"),
        Finding::Removed { from, to } => {
            text!("entries {from} to {to} were removed", "第 {from} 至 {to} 条记录被删除")
        }
        Finding::Emptied => Text::new("every entry was removed", "所有记录都被删除"),
        Finding::Head => Text::new(
            "the row that names the last entry was changed, so the newest entries may be missing",
            "记录末尾标记的行被修改，最新的记录可能已缺失",
        ),
        Finding::Anchor(seq) => text!(
            "entry {seq} is not the one whose hash was given: the audit was written anew",
            "第 {seq} 条记录与给定的哈希不符：审计被重新写过"
        ),
    };
    text!(
        "The audit is not as it was written: {}. The {entries} entries before that are good.",
        "审计与写入时不一致：{}。此前的 {entries} 条记录完好。";
        what
    )
}

async fn export(ground: &Ground, since: Option<String>, until: Option<String>) -> Result<(), Failure> {
    let given = |name: &str| match name {
        "since" => since.clone(),
        "until" => until.clone(),
        _ => None,
    };
    let filter = AuditFilter::read(String::new(), given).map_err(|errors| Fault::Invalid { errors })?;
    let mut after = 0;
    loop {
        let page = ground.services.audits().after(&Actor::System, &filter, after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.facts.seq;
        let written = || -> std::io::Result<()> {
            let mut out = std::io::stdout().lock();
            for entry in &page {
                serde_json::to_writer(&mut out, entry)?;
                out.write_all(b"\n")?;
            }
            out.flush()
        }();
        match written {
            // Whoever read it has had enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|e| Failure::new(&writing(), e))?,
        }
    }
}

fn reading(error: &StoreError) -> Failure {
    Failure::new(&Text::new("reading the audit", "读取审计"), error)
}

fn writing() -> Text {
    Text::new("writing to standard output", "写入标准输出")
}
