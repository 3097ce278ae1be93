/// The text formats that a metrics page may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4: timestamps in ms, free blanks, comments.
    Text,
    /// OpenMetrics 1.0: timestamps in s, exemplars, units, `# EOF` at the end.
    OpenMetrics,
}

impl Format {
    /// What to ask for: OpenMetrics first, since only it carries exemplars and creation times.
    pub const ACCEPT: &'static str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    /// The format that a `Content-Type` names. A page without a type is text, as Prometheus 2 reads it; `None` where the
    /// type names something that is no metrics page in text form, or OpenMetrics 2, whose lines have another shape.
    pub fn from_content_type(content_type: &str) -> Option<Format> {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/openmetrics-text" => (!Format::is_draft(content_type)).then_some(Format::OpenMetrics),
            "" | "text/plain" | "application/octet-stream" => Some(Format::Text),
            _ => None,
        }
    }
    /// Is it OpenMetrics 2? Its syntax is a draft that changes (whether a histogram is one line or two, say), so such a page
    /// is not read but asked for in an older format.
    pub fn is_draft(content_type: &str) -> bool {
        let mut parts = content_type.split(';').map(|p| p.trim().to_ascii_lowercase());
        let media = parts.next();
        let version = parts.find_map(|p| p.strip_prefix("version=").map(|v| v.trim_matches('"').to_owned()));
        media.as_deref() == Some("application/openmetrics-text") && version.is_some_and(|v| !v.starts_with("0.") && !v.starts_with("1."))
    }
    /// Its name with version.
    pub fn title(self) -> &'static str {
        match self {
            Format::Text => "text/plain 0.0.4",
            Format::OpenMetrics => "openmetrics-text 1.0.0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_content_type() {
        let open = Some(Format::OpenMetrics);
        assert_eq!(Format::from_content_type("application/openmetrics-text; version=1.0.0; charset=utf-8"), open);
        assert_eq!(Format::from_content_type("Application/OpenMetrics-Text"), open);
        assert_eq!(Format::from_content_type("text/plain; version=0.0.4"), Some(Format::Text));
        assert_eq!(Format::from_content_type(""), Some(Format::Text));
        let draft = "application/openmetrics-text; version=2.0.0; charset=utf-8";
        assert!(Format::is_draft(draft) && !Format::is_draft("application/openmetrics-text; version=1.0.0"));
        assert_eq!(Format::from_content_type(draft), None);
        for other in ["text/html", "application/json", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"] {
            assert_eq!(Format::from_content_type(other), None, "{other}");
        }
    }
}
