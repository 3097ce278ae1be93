//! What a page in protobuf says of one histogram claim.

use super::extract::{Extract, MOST, POINT, Point, labels, marked, takes};
use crate::{
    model::{payload::Part, rig::HistogramOf, units::Wall},
    sources::exposition::protobuf::{self, Broken, Family, Metric},
};

/// Keeps what belongs to the claim.
pub fn extract(page: &[u8], claim: &HistogramOf, instance: &str) -> Extract {
    let mut reading = Reading { out: Extract::default(), claim, instance, left: MOST };
    if let Err(Broken(why)) = reading.page(page) {
        reading.damage(why);
    }
    reading.out
}

struct Reading<'c> {
    out: Extract,
    claim: &'c HistogramOf,
    instance: &'c str,
    left: usize,
}

impl Reading<'_> {
    fn damage(&mut self, why: &str) {
        self.out.damage.get_or_insert_with(|| why.to_owned());
    }

    fn page(&mut self, page: &[u8]) -> Result<(), Broken> {
        let Some(family) = protobuf::family(page, &self.claim.metric)? else { return Ok(()) };
        self.out.declared_type = Some(family.kind.to_owned()).filter(|k| !k.is_empty());
        self.out.declared_unit = Some(family.unit.to_owned()).filter(|u| !u.is_empty());
        match family.kind {
            "histogram" => self.family(&family),
            "gaugehistogram" => Err(Broken("a gauge histogram: its counts may fall, so they count no requests")),
            // As in text: series of another type have no parts of a histogram.
            _ => Ok(()),
        }
    }

    fn family(&mut self, family: &Family<'_>) -> Result<(), Broken> {
        for metric in family.metrics() {
            let metric = metric?;
            let has = |name: &str| metric.labels.iter().find(|l| l.0 == name).map_or("", |l| l.1);
            if self.claim.labels.iter().all(|(name, value)| has(name) == value) {
                self.metric(&metric)?;
            }
        }
        Ok(())
    }

    fn metric(&mut self, metric: &Metric<'_>) -> Result<(), Broken> {
        let Some(histogram) = metric.histogram else { return Ok(()) };
        let read = histogram.read()?;
        let points = if read.native.is_some() { 3 } else { 3 + read.classic.len() };
        // Labels stand on the page once, and are kept with each point.
        let takes = takes(metric.labels.iter().copied()).saturating_mul(points) + POINT * read.native.as_ref().map_or(0, Vec::len);
        self.left = self.left.checked_sub(takes).ok_or(Broken("the claim matches more series than any histogram of requests has"))?;
        if !(read.count.is_finite() && read.sum.is_finite() && read.classic.iter().all(|b| b.1.is_finite())) {
            // A recording cannot hold it, and no sum or count of real requests is infinite.
            return Err(Broken("a count or sum is infinite or no number"));
        }
        let labels = labels(metric.labels.iter().copied(), self.instance);
        let at = metric.timestamp_ms.map(|ms| Wall(ms.saturating_mul(1_000)));
        let mut put = |part, value| self.out.points.push(Point { part, labels: labels.clone(), value, at });
        put(Part::Count, read.count);
        put(Part::Sum, read.sum);
        if let Some(buckets) = read.native {
            self.out.native.push((labels.clone(), at, buckets));
        } else {
            read.classic.iter().for_each(|(le, n)| put(Part::Bucket(*le), *n));
            // The last edge may be left out: it holds all.
            if !read.classic.iter().any(|b| b.0 == f64::INFINITY) {
                put(Part::Bucket(f64::INFINITY), read.count);
            }
        }
        self.out.created.extend(read.created.map(|created| (labels, created)));
        if self.claim.exemplars {
            for mark in histogram.marks() {
                let mark = mark?;
                let takes = mark.labels.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>() + POINT;
                self.left = self.left.checked_sub(takes).ok_or(Broken("the claim matches more exemplars than any page has"))?;
                self.out.exemplars.extend(marked(mark.labels.into_iter(), mark.value, mark.le, mark.at));
            }
        }
        Ok(())
    }
}
