//! Links that ask for a connection. They only ask: the person decides, with all of it in sight.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Profile, ProfileDraft};

/// A link that waits for the person's decision.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LinkRequest {
    /// Names it while it stands.
    pub id: u32,
    /// What it asks for.
    pub asks: LinkAsks,
}

/// What a link asks for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum LinkAsks {
    /// For nothing that is understood.
    Refused {
        /// Why, in one sentence without anything of the link.
        message: String,
    },
    /// For saved connections that it names: one, or several of the same name.
    Saved {
        /// They.
        profiles: Vec<Profile>,
    },
    /// For a place.
    Place {
        /// What would be opened, with a name made of the target.
        draft: Box<ProfileDraft>,
        /// That the AWS profile is not among those of this computer.
        unknown_aws_profile: bool,
        /// Saved connections to the same target.
        matches: Vec<LinkMatch>,
    },
}

/// A saved connection to the target of a link.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LinkMatch {
    /// The connection.
    pub profile: Profile,
    /// What the link wants otherwise; empty: it is what the link asks for.
    pub differences: Vec<LinkDifference>,
}

/// One thing that a link wants otherwise than a saved connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LinkDifference {
    /// Which.
    pub field: LinkField,
    /// What the connection says; `None`: nothing.
    pub saved: Option<String>,
    /// What the link says; `None`: nothing.
    pub linked: Option<String>,
}

/// What a link can say of a place besides its target.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum LinkField {
    /// The region.
    Region,
    /// The AWS profile.
    AwsProfile,
    /// The session document.
    Document,
}
