//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::{ConfigMatch, reference, view::Compared};
use crate::{
    fidelity::Differs,
    model::{
        audit::Context,
        comparison::{Class, Is, Row},
        environment::{ENVIRONMENT, PartKind, SNAPSHOT},
        evidence::{Evidence, Gap},
        key::{Facts, World},
        name::{Name, name},
        payload::{Cell, FactTable, FactValue, Told},
        rig::Rig,
        units::Wall,
    },
};

/// Changes what is known of a part here.
fn table(part: &Name, copy: &mut Evidence, change: impl FnOnce(&mut FactTable)) {
    copy.alter(&name(ENVIRONMENT), &Facts { scope: part.clone() }, change);
}

/// Sets a fact of a part here.
pub fn set(part: &Name, fact: &str, value: FactValue, copy: &mut Evidence) {
    table(part, copy, |table| table.put(fact, value, "seeded"));
}

/// Takes a fact away that both sides have, of those that are picked; also told is whether its difference blocks.
pub fn differ(audit: &ConfigMatch, rig: &Rig, part: &Name, copy: &mut Evidence, pick: impl Fn(&Row, bool) -> bool) {
    let picked = rows(audit, rig, copy).into_iter().find(|row| {
        let expected = audit.facts.0.get(&row.by);
        let counts = expected.is_none_or(|e| e.differs != Differs::Noted);
        let blocks = expected.is_some_and(|e| e.differs == Differs::Blocking || e.blocking_from.is_some());
        row.part == *part && counts && known(row) && pick(row, blocks)
    });
    if let Some(row) = picked {
        table(part, copy, |table| table.absent(row.fact));
    }
}

/// Gives the last member of a group another size than its group.
pub fn off_scale(audit: &ConfigMatch, rig: &Rig, copy: &mut Evidence) {
    let rows = rows(audit, rig, copy);
    let members = |of: &Row| rows.iter().filter(|row| row.group == of.group && known(row)).count();
    if let Some(row) = rows.iter().rev().find(|row| row.group.is_some() && known(row) && members(row) > 1) {
        table(&row.part, copy, |table| {
            if let Some(Cell::Value(Told { value, .. })) = table.0.get_mut(&row.fact) {
                larger(value);
            }
        });
    }
}

/// Nothing of a part is known here.
pub fn blind(part: &Name, copy: &mut Evidence) {
    let gap = || Cell::Gap(Gap::Denied("seeded".into()));
    table(part, copy, |table| table.0.values_mut().for_each(|cell| *cell = gap()));
}

/// Moves a value for which a waiver was signed.
pub fn outgrow(audit: &ConfigMatch, rig: &Rig, copy: &mut Evidence) {
    if let Some(row) = rows(audit, rig, copy).into_iter().find(|row| row.class == Class::Waived) {
        let there = row.here.is != Is::Absent;
        table(&row.part, copy, |table| if there { table.absent(row.fact) } else { table.set(row.fact, "seeded") });
    }
}

/// Makes the reference one of long ago.
pub fn age(rig: &Rig, copy: &mut Evidence) {
    itself(rig, copy, |table| table.put("as_of", FactValue::Micros(0), ""));
}

/// Gives the reference a part that nobody looks at.
pub fn another_part(rig: &Rig, copy: &mut Evidence) {
    itself(rig, copy, |table| table.set("parts.seeded", PartKind::Workload.word()));
}

fn itself(rig: &Rig, copy: &mut Evidence, change: impl FnOnce(&mut FactTable)) {
    if let Some(world @ World::Reference(_)) = &reference(rig) {
        copy.alter_in(world, &name(ENVIRONMENT), &Facts { scope: name(SNAPSHOT) }, change);
    }
}

fn rows(audit: &ConfigMatch, rig: &Rig, copy: &Evidence) -> Vec<Row> {
    Compared::join(audit, &Context { rig, evidence: copy, as_of: Wall::default() }).comparison.rows
}

/// Is there a value on both sides?
fn known(row: &Row) -> bool {
    [&row.here, &row.there].iter().all(|shown| shown.is == Is::Value)
}

/// By more than any rounding.
fn larger(value: &mut FactValue) {
    match value {
        FactValue::Count(n) | FactValue::Micros(n) => *n = n.saturating_mul(7).saturating_add(13),
        FactValue::Bytes(n) | FactValue::Millicores(n) => *n = n.saturating_mul(7).saturating_add(13),
        FactValue::Number(x) => *x = *x * 7.0 + 13.0,
        other => *other = FactValue::Text("seeded".into()),
    }
}
