//! Words that many pages use.

use launchway_domain::Text;

/// The program's name.
pub const LAUNCHWAY: Text = Text::new("Launchway", "Launchway");
/// Navigation.
pub const RELEASES: Text = Text::new("Releases", "发布");
/// Navigation.
pub const PROJECTS: Text = Text::new("Projects", "项目");
/// Navigation.
pub const SERVERS: Text = Text::new("Servers", "服务器");
/// Navigation.
pub const CREDENTIALS: Text = Text::new("Credentials", "凭据");
