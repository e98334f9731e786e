//! Launchway's words: the types that every part shares, the states and their transitions, the rules
//! of the forms, and the events of the feed.
//!
//! This crate knows no framework: it compiles for the browser and for the server alike, so that a
//! form is checked by the same code while somebody types and when the request arrives.

pub mod actor;
pub mod audit;
pub mod change;
pub mod channel;
pub mod command;
pub mod event;
pub mod fault;
pub mod find;
pub mod form;
pub mod housekeeping;
pub mod id;
pub mod list;
pub mod live;
pub mod log;
pub mod node;
pub mod overview;
pub mod people;
pub mod permission;
pub mod policy;
pub mod queue;
pub mod record;
pub mod release;
pub mod session;
pub mod status;
pub mod system;
pub mod template;
pub mod text;
pub mod time;
pub mod variable;
pub mod version;
pub mod wall;
pub mod ways;
pub mod webhook;
mod word;

pub use actor::{Actor, Grant, Membership, Person, Role, TokenScope, User, Visible};
pub use audit::{AuditEntry, AuditFacts, AuditFilter, AuditRow, AuditWho, By, FieldChange, Outcome, Thing, Via};
pub use change::{ChangedFile, Changes, Comparison, FileChange, FileTotals, LiveCommit, Relation, Upload};
pub use channel::{Channel, ChannelKind, NoticeEvent, Notification, NotificationStatus};
pub use command::{CommandRun, CommandStatus, FilesOn, FilesPreview, Unfinished};
pub use event::{Event, EventData, Topic};
pub use fault::{Fault, FieldError};
pub use find::{Hit, HitKind};
pub use form::{
    ChannelForm, CommandForm, CredentialForm, EnvironmentForm, FilesForm, Form, HookNames, HookTemplateForm,
    InviteForm, JoinForm, MemberForm, PasswordForm, ProjectForm, PromoteForm, ReleaseForm, RoleForm, RollbackForm,
    ServerForm, SetupForm, SignInForm, StartForm, TokenForm, WebhookForm,
};
pub use housekeeping::{
    BuildCache, DiskUse, Housekeeping, HousekeepingForm, Pile, ProjectUsage, Tidied, TidyPlan, Tidying, Usage,
};
pub use id::{
    ChannelId, CommandId, CredentialId, DeliveryId, EnvironmentId, HookTemplateId, NotificationId, ProjectId,
    ReleaseId, ServerId, SessionId, TokenId, UserId, WallLinkId, WebhookId,
};
pub use list::{ListQuery, Listed};
pub use live::{EnvironmentLive, LiveRelease, LiveState, LiveVersion, ServerLive};
pub use log::{LogFound, LogLines, LogRow, LogRuns, LogScope, LogSource, OutputGroup};
pub use node::{LiveChange, Node, NodeKey, NodeKind, NodeLive};
pub use overview::{HostStep, InQueue, Overview, Phase, Place, Running};
pub use people::{Account, ApiToken, Member, NewApiToken, NewInvitation, UserState};
pub use permission::{Needs, Permission, Reach};
pub use policy::{
    Calendar, DateFreeze, Health, HealthKind, Hold, OnFailure, Policy, Rollout, Rule, RuleState, Rules, Share,
    Strategy, Takes, Weekday, WeeklyFreeze,
};
pub use queue::{CalendarNow, Freeze, Lock, LockForm, Queue, QueueItem, QueuePlace, ScheduleForm, Wait, WaitFor};
pub use record::{Check, Credential, CredentialKind, Environment, EnvironmentKind, Page, Project, Server, ServerCheck};
pub use release::{
    GitRef, HookPoint, Hooks, LogLine, LogPage, LogStream, RefChoice, RefChoices, RefItem, RefKind, Release,
    ReleaseFilter, ReleaseKind, ReleaseSnapshot,
};
pub use session::Session;
pub use status::{NodeStatus, ReleaseStatus};
pub use system::{GuardKind, HookGuard, Installation};
pub use template::HookTemplate;
pub use text::{Lang, Text};
pub use time::Timestamp;
pub use variable::{Variable, VariableForm};
pub use version::IfVersion;
pub use wall::{NewWallLink, WallLink, WallLinkForm};
pub use ways::{LivePart, Promotion, Standing, Unasked, WayBack, WaysBack};
pub use webhook::{Delivery, DeliveryOutcome, Forge, NewWebhook, PushKind, Webhook};
