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
    /// type names something that is no metrics page in text form.
    pub fn from_content_type(content_type: &str) -> Option<Format> {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/openmetrics-text" => Some(Format::OpenMetrics),
            "" | "text/plain" | "application/octet-stream" => Some(Format::Text),
            _ => None,
        }
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
        for other in ["text/html", "application/json", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"] {
            assert_eq!(Format::from_content_type(other), None, "{other}");
        }
    }
}
