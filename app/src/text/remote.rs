//! Commands and files on the servers of an environment.

use launchway_domain::{Text, text};

super::texts! {
    RUN_TITLE: "Run a command", "运行命令";
    RUN_LEAD: "On some or all servers of this environment, in its folder. Identical outputs are said once. Every command is audited.", "在此环境的部分或全部服务器上、于其目录中执行。相同输出只显示一次。每条命令都会记入审计。";
    COMMAND: "Command", "命令";
    COMMAND_HINT: "For sh, on each server as the user that Launchway signs in as. It is kept, with what it printed.", "由每台服务器上的 sh 以 Launchway 登录用户的身份执行。命令及其输出会被保存。";
    TIMEOUT: "Time limit", "时限";
    TIMEOUT_HINT: "Seconds on each server; then it is ended, with everything it started.", "每台服务器上的秒数；超时将终止该命令及其启动的所有进程。";
    RUN: "Run", "运行";
    RUN_ASK: "Run…", "运行…";
    RUN_SURE_LEAD: "It runs at once, on all of them at the same time, and is audited.", "命令会立即在这些服务器上同时执行，并记入审计。";
    RUNNING: "Running…", "运行中…";
    LATELY: "Lately", "最近执行";
    NOTHING_RAN: "No command was run here yet.", "此环境尚未执行过命令。";
    STOP: "Stop", "停止";
    FILES_TITLE: "Fetch files", "获取文件";
    FILES_LEAD: "A file or a folder, such as a log, from some or all servers as one archive. Every fetch is audited.", "从部分或全部服务器获取文件或文件夹（例如日志），打包为一个归档。每次获取都会记入审计。";
    PATH: "Path", "路径";
    PATH_HINT: "Below the environment's folder, such as current/logs/app.log. Administrators may name an absolute path.", "相对于环境目录，例如 current/logs/app.log。管理员可填写绝对路径。";
    PREVIEW: "How much is it?", "查看大小";
    COUNTING: "Counting…", "正在统计…";
    DOWNLOAD: "Download", "下载";
    FILES: "Files", "文件数";
    SIZE: "Size", "大小";
    SERVER: "Server", "服务器";
    TOTAL: "In all", "合计";
}

/// Whether to run it in production.
pub fn run_sure(servers: usize) -> Text {
    match servers {
        // Without scripts nobody counts what is ticked.
        0 => Text::new("Run it on production servers?", "在生产服务器上执行？"),
        1 => Text::new("Run it on 1 production server?", "在 1 台生产服务器上执行？"),
        n => text!("Run it on {n} production servers?", "在 {n} 台生产服务器上执行？"),
    }
}

/// Bytes for people: `1.5 MiB`.
pub fn size(bytes: u64) -> String {
    let mut tenths = u128::from(bytes) * 10;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if tenths < 10_240 || unit == "GiB" {
            let (whole, rest) = (tenths / 10, tenths % 10);
            return if rest == 0 || unit == "B" { format!("{whole} {unit}") } else { format!("{whole}.{rest} {unit}") };
        }
        tenths /= 1024;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let all = [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 20, "5 MiB"), (3 << 30, "3 GiB")];
        for (bytes, said) in all {
            assert_eq!(size(bytes), said);
        }
    }
}
