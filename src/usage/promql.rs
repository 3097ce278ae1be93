//! Which stretches of time a PromQL expression reads of which metric, without understanding the rest of it. Comments, strings, label
//! matchers, subqueries and variables of dashboards are told apart.

/// A range selector: `rate(metric{…}[5m])`.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The metric; empty where it is told by a matcher of `__name__` that is no plain name, or not at all.
    pub metric: String,
    /// The function around it; empty where there is none.
    pub function: String,
    /// How long it is.
    pub window: Window,
}

/// The length of a range selector.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// So many ms.
    Ms(f64),
    /// At least four scrape intervals, by Grafana's own definition.
    RateInterval,
    /// Something that only the dashboard knows.
    Variable(String),
}

/// Functions that need several samples of a counter, or compare the ends of the window.
pub const OF_COUNTERS: [&str; 7] = ["rate", "increase", "irate", "delta", "idelta", "deriv", "resets"];

/// All range selectors, in the order in which they stand. Subqueries are none: they read no samples of their own.
pub fn ranges(expr: &str) -> Vec<Range> {
    let chars: Vec<char> = expr.chars().collect();
    let mut found = vec![];
    // Words before each open parenthesis, and the last metric's name.
    let (mut calls, mut word, mut metric): (Vec<String>, String, Option<String>) = (vec![], String::new(), None);
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        match c {
            '#' => {
                i = until(&chars, i, |c| c == '\n');
            }
            '"' | '\'' | '`' => i = after_string(&chars, i),
            '{' => {
                let end = after_braces(&chars, i);
                let inside: String = chars[(i + 1).min(end)..end.saturating_sub(1).max(i + 1).min(chars.len())].iter().collect();
                metric = Some(if word.is_empty() { name_of(&inside) } else { std::mem::take(&mut word) });
                i = end;
            }
            '[' => {
                let end = until(&chars, i, |c| c == ']');
                // Old variables of dashboards: `[[interval]]` would be a range of its own brackets.
                let inside: String = chars[i + 1..end].iter().collect();
                let inside = inside.trim_start_matches('[').trim();
                let subquery = inside.contains(':') && !inside.starts_with("${");
                let selected = if word.is_empty() { metric.take() } else { Some(std::mem::take(&mut word)) };
                if let (Some(metric), false) = (selected, subquery) {
                    found.push(Range { metric, function: calls.last().cloned().unwrap_or_default(), window: window(inside) });
                }
                i = end + 1;
            }
            '(' => {
                calls.push(std::mem::take(&mut word).to_lowercase());
                metric = None;
                i += 1;
            }
            ')' => {
                calls.pop();
                (word, metric) = (String::new(), None);
                i += 1;
            }
            c if c.is_alphanumeric() || matches!(c, '_' | ':' | '$') => {
                let end = until(&chars, i, |c| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '$' | '.')));
                word = chars[i..end].iter().collect();
                metric = None;
                i = end;
            }
            c => {
                if !c.is_whitespace() {
                    (word, metric) = (String::new(), None);
                }
                i += 1;
            }
        }
    }
    found
}

fn until(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|i| stop(chars[*i])).unwrap_or(chars.len())
}

fn after_string(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() && chars[i] != chars[quote] {
        // Raw strings know no escapes.
        i += if chars[i] == '\\' && chars[quote] != '`' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn after_braces(chars: &[char], open: usize) -> usize {
    let mut i = open + 1;
    while i < chars.len() && chars[i] != '}' {
        i = if matches!(chars[i], '"' | '\'' | '`') { after_string(chars, i) } else { i + 1 };
    }
    (i + 1).min(chars.len())
}

/// `{__name__="x", …}`, and `{"x", …}` of later versions.
fn name_of(matchers: &str) -> String {
    let text = matchers.trim();
    let quoted =
        |text: &str| text.trim_start().strip_prefix('"').and_then(|t| t.split_once('"')).map(|(name, rest)| (name.to_owned(), rest.to_owned()));
    if let Some((name, rest)) = quoted(text)
        && !rest.trim_start().starts_with(['=', '!'])
    {
        return name;
    }
    let after = text.split_once("__name__").map(|(_, rest)| rest.trim_start());
    after.and_then(|rest| rest.strip_prefix('=')).filter(|rest| !rest.starts_with('~')).and_then(quoted).map(|(name, _)| name).unwrap_or_default()
}

fn window(text: &str) -> Window {
    let plain = text.trim_matches(['$', '{', '}']).split(':').next().unwrap_or_default();
    if text.starts_with('$') {
        return if plain == "__rate_interval" { Window::RateInterval } else { Window::Variable(plain.to_owned()) };
    }
    duration_ms(text).map_or_else(|| Window::Variable(text.to_owned()), Window::Ms)
}

/// `1h30m`, `500ms`, `300`.
fn duration_ms(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds > 0.0).then_some(seconds * 1e3);
    }
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = [("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7), ("w", 6.048e8), ("y", 3.1536e10)]
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))?;
        total += number * factor;
        rest = &rest[unit.len()..];
    }
    (total > 0.0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expr: &str) -> Vec<String> {
        ranges(expr).into_iter().map(|r| format!("{} {} {:?}", r.function, r.metric, r.window)).collect()
    }

    #[test]
    fn plain_ranges() {
        assert_eq!(of("rate(http_total[5m])"), ["rate http_total Ms(300000.0)"]);
        assert_eq!(of("sum by (job) (rate(a{x=\"y\"}[1m])) / sum(increase(b[1h30m]))"), ["rate a Ms(60000.0)", "increase b Ms(5400000.0)"]);
        assert_eq!(of("avg_over_time(mem[30s] offset 5m)"), ["avg_over_time mem Ms(30000.0)"]);
        assert_eq!(of("rate(a[5m] @ end()) + irate(job:b:sum [ 500ms ])"), ["rate a Ms(300000.0)", "irate job:b:sum Ms(500.0)"]);
        assert_eq!(of("rate(a[300])"), ["rate a Ms(300000.0)"]);
        assert_eq!(of("up == 1"), [""; 0]);
    }

    #[test]
    fn what_is_no_range_is_none() {
        assert_eq!(of("label_replace(up, \"x\", \"[5m]\", \"y\", '[1m]')"), [""; 0]);
        assert_eq!(of("up # rate(a[5m])\n+ rate(b[1m])"), ["rate b Ms(60000.0)"]);
        assert_eq!(of("rate(a{p=~\"x[0-9]}\", q=`\\`}[2m])"), ["rate a Ms(120000.0)"]);
        // A subquery reads what its expression gives; the range inside is one.
        assert_eq!(of("max_over_time(rate(a[1m])[1h:30s])"), ["rate a Ms(60000.0)"]);
        assert_eq!(of("max_over_time(a[1h:])"), [""; 0]);
        assert_eq!(of("rate("), [""; 0]);
        assert_eq!(of("rate(a[5m"), ["rate a Ms(300000.0)"]);
        assert_eq!(of("a{x=\""), [""; 0]);
        assert_eq!(of("{"), [""; 0]);
    }

    #[test]
    fn names_told_by_matchers() {
        assert_eq!(of("rate({__name__=\"a\", x=\"y\"}[1m])"), ["rate a Ms(60000.0)"]);
        assert_eq!(of("rate({\"a.b\", x=\"y\"}[1m])"), ["rate a.b Ms(60000.0)"]);
        assert_eq!(of("rate({__name__=~\"a.*\"}[1m])"), ["rate  Ms(60000.0)"]);
    }

    #[test]
    fn variables_of_dashboards() {
        assert_eq!(of("rate(a[$__rate_interval])"), ["rate a RateInterval"]);
        assert_eq!(of("rate(a{job=\"$job\"}[${__rate_interval}])"), ["rate a RateInterval"]);
        assert_eq!(of("rate(a[$__interval])"), ["rate a Variable(\"__interval\")"]);
        assert_eq!(of("rate(a[[[window]]])"), ["rate a Variable(\"window\")"]);
        assert_eq!(of("rate($metric[5m])"), ["rate $metric Ms(300000.0)"]);
    }
}
