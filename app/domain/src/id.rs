//! Identifiers: 64-bit integers that cannot be mistaken for one another.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = i64))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A person who may sign in.
    UserId
    /// A sealed secret.
    CredentialId
    /// A target host.
    ServerId
    /// A repository and its environments.
    ProjectId
    /// A place where a project runs.
    EnvironmentId
    /// One ref going to one environment.
    ReleaseId
    /// A named hook body.
    HookTemplateId
    /// A link that opens the wall.
    WallLinkId
    /// An address that a Git service calls.
    WebhookId
    /// One call of a webhook.
    DeliveryId
    /// Where a project tells what happens.
    ChannelId
    /// One message of a channel.
    NotificationId
    /// An API token.
    TokenId
    /// A browser that somebody is signed in with.
    SessionId
    /// A single command that somebody ran on servers.
    CommandId
}
