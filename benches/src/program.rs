//! The command line: which tables are measured, again if a bar is missed, and how it ends.

use std::process::ExitCode;

use crate::bar::Bar;
use crate::report::Report;

/// How often a table is measured again before its bar counts as missed: machines are shared.
const RETRIES: u32 = 2;

/// A table, and how it is measured.
pub(crate) struct Section<'a> {
    /// What the command line calls it.
    pub(crate) name: &'static str,
    /// Measures it once.
    pub(crate) measure: &'a dyn Fn() -> Report,
}

/// Measures the sections that the command line names, all without one.
pub(crate) fn run(sections: &[Section<'_>]) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (flags, names): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with("--"));
    let is_known = |name: &&String| sections.iter().any(|section| section.name == **name);
    if flags.iter().any(|flag| *flag != "--check") || !names.iter().all(is_known) {
        let known: Vec<_> = sections.iter().map(|section| section.name).collect();
        println!("usage: [--check] [TABLE]..\ntables: {}", known.join(" "));
        return ExitCode::from(2);
    }
    let is_asked =
        |section: &&Section<'_>| names.is_empty() || names.iter().any(|name| *name == section.name);
    let retries = if flags.is_empty() { 0 } else { RETRIES };
    let measured = |section| measure(section, retries).into_bars();
    let bars: Vec<Bar> = sections.iter().filter(is_asked).flat_map(measured).collect();
    conclude(&bars, !flags.is_empty())
}

fn measure(section: &Section<'_>, retries: u32) -> Report {
    let mut report = (section.measure)();
    println!("{report}");
    for again in 1..=retries {
        if report.missed().next().is_none() {
            break;
        }
        for bar in report.missed() {
            println!("missed so far: {bar}");
        }
        println!("measured again, {again} of {retries}\n");
        report = (section.measure)();
        println!("{report}");
    }
    report
}

fn conclude(bars: &[Bar], is_checked: bool) -> ExitCode {
    let mut summary = Report::new("Bars", ["what", "figure", "bar", ""]);
    bars.iter().for_each(|bar| summary.row(bar.cells()));
    println!("{summary}");
    let missed: Vec<_> = bars.iter().filter(|bar| !bar.holds()).collect();
    for bar in &missed {
        println!("missed: {bar}");
    }
    if is_checked && !missed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
