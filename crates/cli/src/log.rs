//! The log, on stderr.

use std::{fmt, io};

use strongroom::{Environment, ProcessEnvironment};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::output::say;

/// Starts it: warnings, more with `-v`, or what `RUST_LOG` asks for. Our own warnings always come.
pub(crate) fn start(verbose: u8) {
    let asked = asked_by_variable();
    let plain = asked.is_none() && verbose == 0;
    let targets = match asked {
        Some(asked) => asked,
        // A login that failed is the error that is told in the end.
        None if verbose == 0 => {
            Targets::new().with_default(LevelFilter::WARN).with_target(HTTP, LevelFilter::OFF)
        }
        None => Targets::new().with_default(level(verbose)),
    };
    // Exactly the facade: `strongroom_http` would be one of `strongroom` here.
    let ours = Targets::new()
        .with_target("strongroom", LevelFilter::WARN)
        .with_target(HTTP, LevelFilter::OFF);
    let filter = targets.or(ours);
    let layer = layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        // It would be told with a macro that panics when nobody reads stderr.
        .log_internal_errors(false);
    let registry = tracing_subscriber::registry();
    // There is no other one, so this cannot fail.
    let _ = match plain {
        true => registry.with(layer.event_format(Plain).with_filter(filter)).try_init(),
        false => registry.with(layer.with_filter(filter)).try_init(),
    };
}

/// Where logins are logged.
const HTTP: &str = "strongroom_http";

/// `warning: what is to be said`, as our other words.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let word = match *event.metadata().level() {
            Level::ERROR => "error",
            _ => "warning",
        };
        write!(writer, "{word}: ")?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn level(verbose: u8) -> LevelFilter {
    match verbose {
        0 | 1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// `RUST_LOG`, if it is set and one: `debug`, `strongroom=trace,hyper=info`.
fn asked_by_variable() -> Option<Targets> {
    let text = ProcessEnvironment.var("RUST_LOG").filter(|text| !text.is_empty())?;
    let targets = text.to_str().and_then(|text| text.parse().ok());
    if targets.is_none() {
        say(
            "warning: RUST_LOG is not understood, and not used; expected a level, or TARGET=LEVEL,..",
        );
    }
    targets
}
