//! What the cache says in the log of one thread.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Fields by their names, as texts.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// Everything that this thread logs while it exists, down to TRACE.
pub(crate) struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

struct Line {
    /// The name of a span, or `None` for an event.
    span: Option<(Id, &'static str)>,
    level: tracing::Level,
    fields: Fields,
}

impl Log {
    pub(crate) fn start() -> Self {
        let lines = Lines::default();
        let subscriber = Registry::default().with(lines.clone());
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The fields of each event of ours with this name, and its level.
    pub(crate) fn events(&self, event: &str) -> Vec<(tracing::Level, Fields)> {
        let lines = self.lines.0.lock().unwrap();
        let said = |line: &&Line| {
            line.span.is_none() && line.fields.get("event").is_some_and(|name| name == event)
        };
        lines.iter().filter(said).map(|line| (line.level, line.fields.clone())).collect()
    }

    pub(crate) fn count(&self, event: &str) -> usize {
        self.events(event).len()
    }

    /// The fields of each span of a load.
    pub(crate) fn loads(&self) -> Vec<Fields> {
        let lines = self.lines.0.lock().unwrap();
        let is_load = |line: &&Line| line.span.as_ref().is_some_and(|(_, name)| *name == "load");
        lines.iter().filter(is_load).map(|line| line.fields.clone()).collect()
    }

    /// Everything that was said, in one text.
    pub(crate) fn text(&self) -> String {
        let lines = self.lines.0.lock().unwrap();
        lines.iter().map(|line| format!("{:?} {:?}\n", line.span, line.fields)).collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Reader::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let span = Some((id.clone(), metadata.name()));
        self.add(Line { span, level: *metadata.level(), fields: fields.0 });
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Reader::default();
        record.record(&mut fields);
        let mut lines = self.0.lock().unwrap();
        // Ids are used again: the last one is meant.
        let span = lines
            .iter_mut()
            .rev()
            .find(|line| line.span.as_ref().is_some_and(|(line, _)| line == id));
        span.unwrap().fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Reader::default();
        event.record(&mut fields);
        self.add(Line { span: None, level: *event.metadata().level(), fields: fields.0 });
    }
}

impl Lines {
    fn add(&self, line: Line) {
        self.0.lock().unwrap().push(line);
    }
}

#[derive(Default)]
struct Reader(Fields);

impl Visit for Reader {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), fmt::format(format_args!("{value:?}")));
    }
}
