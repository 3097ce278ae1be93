//! Series whose meaning their programs document, so that a spec need only name them.

use crate::model::usage::{Measure, Shape};

/// A series by its name: what it measures, how, and what one of its values is in the base unit.
pub(super) struct Known {
    /// Its name.
    pub(super) metric: &'static str,
    /// What it measures.
    pub(super) measure: Measure,
    /// What its values say.
    pub(super) shape: Shape,
    /// What one of them is in the base unit.
    pub(super) unit: f64,
}

const fn known(metric: &'static str, measure: Measure, shape: Shape) -> Known {
    Known { metric, measure, shape, unit: 1.0 }
}

/// cAdvisor (docs/storage/prometheus.md), Prometheus' client libraries ("Writing client libraries", process metrics), the process
/// exporter (README, metrics), node_exporter.
pub(super) const ALL: [Known; 22] = [
    known("container_cpu_usage_seconds_total", Measure::Cpu, Shape::Counter),
    known("container_memory_usage_bytes", Measure::MemoryUsage, Shape::Level),
    known("container_memory_working_set_bytes", Measure::WorkingSet, Shape::Level),
    known("container_memory_rss", Measure::Rss, Shape::Level),
    known("container_memory_cache", Measure::Cache, Shape::Level),
    known("container_spec_memory_limit_bytes", Measure::MemoryLimit, Shape::Level),
    known("container_network_receive_bytes_total", Measure::Received, Shape::Counter),
    known("container_network_transmit_bytes_total", Measure::Sent, Shape::Counter),
    known("container_cpu_cfs_periods_total", Measure::Periods, Shape::Counter),
    known("container_cpu_cfs_throttled_periods_total", Measure::ThrottledPeriods, Shape::Counter),
    known("container_cpu_cfs_throttled_seconds_total", Measure::Throttled, Shape::Counter),
    known("container_pressure_cpu_waiting_seconds_total", Measure::Waiting, Shape::Counter),
    known("container_start_time_seconds", Measure::Started, Shape::Level),
    known("process_cpu_seconds_total", Measure::Cpu, Shape::Counter),
    known("process_resident_memory_bytes", Measure::Rss, Shape::Level),
    known("process_start_time_seconds", Measure::Started, Shape::Level),
    known("namedprocess_namegroup_cpu_seconds_total", Measure::Cpu, Shape::Counter),
    known("namedprocess_namegroup_oldest_start_time_seconds", Measure::Started, Shape::Level),
    known("node_network_receive_bytes_total", Measure::Received, Shape::Counter),
    known("node_network_transmit_bytes_total", Measure::Sent, Shape::Counter),
    known("node_pressure_cpu_waiting_seconds_total", Measure::Waiting, Shape::Counter),
    known("node_boot_time_seconds", Measure::Started, Shape::Level),
];

/// What is known of a series.
pub(super) fn of(metric: &str) -> Option<&'static Known> {
    ALL.iter().find(|k| k.metric == metric)
}
