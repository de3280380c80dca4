//! From a plan to bytes. Pure: the same plan gives the same bytes.

pub mod quote;
mod template_error;
pub mod visible;
pub mod wrap;

use std::collections::BTreeMap;

use serde::Serialize;
use tera::{Context, Delimiters, Tera};

use crate::data::{DataDirs, DataFile};
use crate::diag::{Diagnostic, Result};
use crate::paths;
use crate::plan::{Content, Kind, PackagePlan, Plan, Step, libexec, share};
use crate::profile::{Audio, size};
use crate::setup::Setup;

/// One file, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it lies, from `/`.
    pub path: String,
    /// What the package manager has to know about it.
    pub kind: Kind,
    /// Its bytes; for a link, the target.
    pub bytes: Vec<u8>,
}

/// Names of places that templates use, so that none spells them out.
#[derive(Serialize)]
struct Places {
    libexec: String,
    share: String,
    state: &'static str,
    hooks: &'static str,
}

/// A template engine over one setup.
pub struct Engine<'a> {
    data: &'a DataDirs,
    tera: Tera,
    context: Context,
    /// The templates that the engine has, as they were read.
    loaded: BTreeMap<String, DataFile>,
}

impl<'a> Engine<'a> {
    /// An engine whose templates see only what each rendering hands them.
    ///
    /// # Errors
    /// When the engine refuses its configuration, which is a mistake in onegpu.
    pub fn bare(data: &'a DataDirs) -> Result<Self> {
        let mut tera = Tera::new();
        // `{#` would clash with the shell's `${#name}`.
        let delimiters =
            Delimiters { comment_start: "{*".into(), comment_end: "*}".into(), ..Delimiters::default() };
        tera.set_delimiters(delimiters).map_err(|error| Diagnostic::input(error.to_string()))?;
        // Everything is escaped, and the escape refuses: a value gets out only
        // through a filter of `quote`, whose results count as safe.
        tera.autoescape_on([""]);
        tera.set_escape_fn(quote::refuse);
        quote::register(&mut tera);
        // A size for people; it is no quoting, and one follows.
        tera.register_filter("size", |mib: u64, _: tera::Kwargs, _: &tera::State<'_>| size(mib));
        let mut context = Context::new();
        context.insert("version", env!("CARGO_PKG_VERSION"));
        Ok(Self { data, tera, context, loaded: BTreeMap::new() })
    }

    /// An engine whose templates see `setup`.
    ///
    /// # Errors
    /// As [`Self::bare`].
    pub fn new(data: &'a DataDirs, setup: &Setup) -> Result<Self> {
        let mut engine = Self::bare(data)?;
        engine.turn_to(setup);
        Ok(engine)
    }

    /// From now on templates see this setup; those that were parsed stay parsed.
    pub fn turn_to(&mut self, setup: &Setup) {
        self.context = context(setup);
    }

    /// Renders the template `name` with `extra` beside the setup.
    ///
    /// # Errors
    /// When there is no such template, it does not parse, or it prints a value
    /// that is not there or not quoted.
    pub fn render(&mut self, name: &str, extra: &[(&'static str, tera::Value)]) -> Result<String> {
        self.load([name])?;
        let mut context = self.context.clone();
        for (key, value) in extra {
            context.insert(*key, value);
        }
        self.tera
            .render(name, &context)
            .map_err(|error| template_error::diagnose(&error, &self.loaded, &context))
    }

    /// Adds templates and all that they include, in one go: the engine refuses a template whose
    /// includes are not there, and each time looks through all that it has.
    fn load<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<()> {
        let mut texts = BTreeMap::new();
        let mut wanted: Vec<String> = names.into_iter().map(str::to_owned).collect();
        while let Some(name) = wanted.pop() {
            if !self.tera.contains_template(&name) && !texts.contains_key(&name) {
                let file = self.data.template(&name)?;
                wanted.extend(includes(&file.text).map(str::to_owned));
                texts.insert(name.clone(), file.text.clone());
                self.loaded.insert(name, file);
            }
        }
        if texts.is_empty() {
            return Ok(());
        }
        self.tera
            .add_raw_templates(texts)
            .map_err(|error| template_error::diagnose(&error, &self.loaded, &self.context))
    }
}

/// The names in `{% include "name" %}`; the engine keeps them to itself.
fn includes(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%").skip(1).filter_map(|tag| {
        let tag = tag.trim_start_matches('-').trim_start();
        tag.strip_prefix("include")?.trim_start().strip_prefix('"')?.split('"').next()
    })
}

/// What every template of a setup sees.
fn context(setup: &Setup) -> Context {
    let mut context = Context::new();
    context.insert("distro", &setup.distro);
    context.insert("host", &setup.host);
    context.insert("gpu", &setup.gpu);
    context.insert("guests", &setup.guests);
    context.insert("pipewire", &setup.guests.iter().any(|guest| guest.audio == Audio::Pipewire));
    context.insert("apply", &setup.apply);
    context.insert("services", &setup.distro.libvirt.get(&setup.host.init));
    context.insert("kernel", &setup.distro.bootloader.get(&setup.host.bootloader));
    context.insert("version", env!("CARGO_PKG_VERSION"));
    context.insert(
        "paths",
        &Places {
            libexec: libexec(setup),
            share: share(setup),
            state: paths::STATE_DIR,
            hooks: paths::HOOK_DIR,
        },
    );
    context
}

/// The files of one package, sorted by path.
///
/// # Errors
/// As [`Engine::render`].
pub fn files(engine: &mut Engine<'_>, package: &PackagePlan) -> Result<Vec<File>> {
    engine.load(package.artifacts.iter().filter_map(|artifact| match &artifact.content {
        Content::Template(name) | Content::Step(name) => Some(*name),
        Content::Target(_) | Content::RunScript { .. } => None,
    }))?;
    let guest = tera::Value::from_serializable(&package.guest);
    let mut out = Vec::with_capacity(package.artifacts.len());
    for artifact in &package.artifacts {
        let bytes = match &artifact.content {
            Content::Target(target) => target.clone(),
            Content::Template(name) => engine.render(name, &[("guest", guest.clone())])?,
            Content::RunScript { service, program } => {
                let text = |text: &String| tera::Value::from_serializable(text);
                engine.render("host/runit-run", &[("service", text(service)), ("program", text(program))])?
            }
            Content::Step(name) => {
                let step = package.steps.iter().find(|step| step.template == *name);
                engine.render(name, &[("guest", guest.clone()), ("step", step_value(step))])?
            }
        };
        out.push(File { path: artifact.path.clone(), kind: artifact.kind, bytes: bytes.into_bytes() });
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

fn step_value(step: Option<&Step>) -> tera::Value {
    tera::Value::from_serializable(&step)
}

/// All files of all packages, with the package each belongs to.
///
/// # Errors
/// As [`Engine::render`].
pub fn all(data: &DataDirs, plan: &Plan) -> Result<Vec<(String, Vec<File>)>> {
    packages(&mut Engine::new(data, &plan.setup)?, plan)
}

/// As [`all`], with an engine that has parsed the templates before: for many plans in a row.
///
/// # Errors
/// As [`Engine::render`].
pub fn all_with(engine: &mut Engine<'_>, plan: &Plan) -> Result<Vec<(String, Vec<File>)>> {
    engine.turn_to(&plan.setup);
    packages(engine, plan)
}

fn packages(engine: &mut Engine<'_>, plan: &Plan) -> Result<Vec<(String, Vec<File>)>> {
    plan.packages.iter().map(|package| Ok((package.name.clone(), files(engine, package)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::includes;

    #[test]
    fn the_names_that_a_mistake_is_held_against_are_those_of_the_context() {
        let data = crate::data::DataDirs::embedded();
        let profile = crate::profile::parse("example", crate::data::EXAMPLE_PROFILE).expect("the example");
        let distro = crate::distro::Distro::load(&data, "debian").expect("a distro");
        let setup = crate::setup::Setup::new(&profile, distro).expect("a setup");
        let context = super::context(&setup);
        assert!(super::template_error::ROOTS.iter().all(|root| context.get(root).is_some()));
    }

    #[test]
    fn finds_every_include() {
        let text = "{%- include \"a/b.xml\" -%} {% if x %}include \"no\"{% endif %}{%include \"c\"%}";
        assert_eq!(includes(text).collect::<Vec<_>>(), ["a/b.xml", "c"]);
    }
}
