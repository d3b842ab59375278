//! `--faults`: what goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use strongroom_testkit::{Fault, On};

/// A faults file. The first rule that matches a request is used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Faults {
    faults: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    on: Word,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    delay_ms: Option<u64>,
    action: Option<Action>,
    times: Option<usize>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Read,
    Write,
    List,
    Sign,
    Login,
    Any,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Reset,
    Hang,
    Truncate,
}

impl Faults {
    /// The faults, in the order of the file.
    ///
    /// # Errors
    /// Names the rule by its number, and says what is wrong with it.
    pub(crate) fn read(&self) -> Result<Vec<Fault>, String> {
        let numbered = self.faults.iter().enumerate();
        numbered
            .map(|(at, rule)| {
                rule.fault().map_err(|problem| format!("fault {}: {problem}", at + 1))
            })
            .collect()
    }
}

impl Rule {
    fn fault(&self) -> Result<Fault, String> {
        let mut fault = Fault::new(match self.on {
            Word::Read => On::Read,
            Word::Write => On::Write,
            Word::List => On::List,
            Word::Sign => On::Sign,
            Word::Login => On::Login,
            Word::Any => On::Any,
        });
        match self.status {
            Some(status @ 200..=599) => fault = fault.status(status),
            Some(status) => return Err(format!("`status` is {status}; expected 200 to 599")),
            None => {}
        }
        if let Some(body) = &self.body {
            fault = fault.body(body);
        }
        for (name, value) in &self.headers {
            let is_known =
                HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
            if name.eq_ignore_ascii_case("content-length") {
                let right = "expected `\"action\": \"truncate\"` for one that lies";
                return Err(format!("`headers` has the length of the answer; {right}"));
            }
            if !is_known {
                return Err(format!(
                    "`headers` has what HTTP does not know: {}",
                    name.escape_debug()
                ));
            }
            fault = fault.header(name, value);
        }
        if let Some(delay) = self.delay_ms {
            fault = fault.delay(Duration::from_millis(delay));
        }
        fault = match self.action {
            Some(Action::Reset) => fault.reset(),
            Some(Action::Hang) => fault.hang(),
            Some(Action::Truncate) => fault.truncate(),
            None => fault,
        };
        Ok(match self.times {
            Some(times) => fault.times(times),
            None => fault,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, String> {
        let faults: Faults = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(faults.read()?.len())
    }

    #[test]
    fn every_key_but_on_is_optional() {
        let whole = r#"{"on":"read","status":429,"headers":{"Retry-After":"1"},"body":"x",
                        "delay_ms":0,"action":"truncate","times":3}"#;
        for rule in [whole, r#"{"on":"any"}"#, r#"{"on":"login","action":"hang"}"#] {
            assert_eq!(read(&format!("{{\"faults\":[{rule}]}}")), Ok(1), "{rule}");
        }
        assert_eq!(read(r#"{"faults":[]}"#), Ok(0));
    }

    #[test]
    fn a_rule_that_cannot_be_meant_is_refused_by_its_number() {
        for (rule, word) in [
            (r#"{"status":503}"#, "on"),
            (r#"{"on":"reads"}"#, "reads"),
            (r#"{"on":"read","status":99}"#, "fault 1"),
            (r#"{"on":"read","headers":{"a b":"c"}}"#, "fault 1"),
            (r#"{"on":"read","headers":{"Content-Length":"9"}}"#, "truncate"),
            (r#"{"on":"read","action":"explode"}"#, "explode"),
            (r#"{"on":"read","delay":5}"#, "delay"),
        ] {
            let problem = read(&format!("{{\"faults\":[{rule}]}}")).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
