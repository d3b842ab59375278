//! Which folder a request is really about.

use crate::infisical::FakeInfisical;
use crate::infisical::ask::Ask;
use crate::infisical::caller::{Caller, NOT_ALLOWED};
use crate::infisical::operation::Operation;
use crate::infisical::params::Place;
use crate::infisical::reply::Refusal;

/// A folder by its environment and its path as it was asked for, in the project of the fake.
pub(super) struct Spot {
    pub(super) environment: String,
    pub(super) path: String,
}

impl Place {
    /// Looks at the project only: whether there is such a folder is for later.
    ///
    /// # Errors
    /// `BadRequest` without a project or an environment, `NotFound` for another project, and an error that is named
    /// by its text for somebody who is no member of it (`permission-service.ts`).
    pub(super) fn find(mut self, ask: &Ask<'_>, caller: &Caller) -> Result<Spot, Refusal> {
        let is_read = matches!(ask.operation(), Operation::Get | Operation::List);
        match caller.service().filter(|_| is_read) {
            Some(token) => token.overrule(&mut self),
            None if self.project.is_none() => self.project = by_slug(ask)?,
            None => {}
        }
        let Self { project, environment, path } = self;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let missing = match (ask.operation(), &environment) {
            (Operation::List, _) => "Missing project id or environment",
            (_, None) => "Missing environment",
            _ => "You must provide workspaceSlug or workspaceId",
        };
        let (Some(project), Some(environment)) = (given(project), given(environment)) else {
            return Err(Refusal::bad_request(missing));
        };
        if project != FakeInfisical::PROJECT_ID {
            return Err(Refusal::not_found(format!(
                "Project with ID '{project}' not found during bot lookup. Are you sure you are using the correct \
                 project ID?"
            )));
        }
        match caller.rights().is_empty() {
            true => Err(Refusal::new(403, "You are not member of this project", NOT_ALLOWED)),
            false => Ok(Spot { environment, path }),
        }
    }
}

/// The project that the old interface names by its slug.
fn by_slug(ask: &Ask<'_>) -> Result<Option<String>, Refusal> {
    let name = if ask.operation().is_read() { "workspaceSlug" } else { "projectSlug" };
    match ask.text(name) {
        Some(slug) if slug == FakeInfisical::PROJECT_SLUG => {
            Ok(Some(FakeInfisical::PROJECT_ID.to_owned()))
        }
        Some(slug) => Err(Refusal::not_found(format!("Project with slug '{slug}' not found"))),
        None => Ok(None),
    }
}

impl Spot {
    /// No such folder, or no such environment: the server makes no difference.
    pub(super) fn missing(&self, during: &str) -> Refusal {
        let Self { environment, path } = self;
        let text =
            format!("Folder with path '{path}' in environment with slug '{environment}' not found");
        Refusal::new(404, during, text)
    }
}
