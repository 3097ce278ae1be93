//! Whose machine it is, by what its firmware calls itself. No cloud's service is asked.

use super::reader::{Reader, text};
use crate::{
    kept,
    model::{evidence::Gap, payload::FactValue},
};

const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

/// How hypervisors call each machine of theirs, whatever its size: two of them may be of different types.
const ANY: [&str; 15] = [
    "Google Compute Engine",
    "Virtual Machine",
    "Alibaba Cloud ECS",
    "OpenStack",
    "KVM",
    "Standard PC",
    "VMware",
    "VirtualBox",
    "HVM domU",
    "Droplet",
    "vServer",
    "Compute Instance",
    "Bochs",
    "BHYVE",
    "Cloud",
];

/// `cloud.vendor`, `cloud.instance_type`.
pub fn tell(reader: &mut Reader<'_>) {
    reader.tell("cloud.vendor", VENDOR, text);
    let product = reader.root.read(PRODUCT).and_then(|product| match product.map(|product| kept::plain(&product)).filter(|p| !p.is_empty()) {
        Some(product) if ANY.iter().any(|any| product.starts_with(any)) => Err(Gap::NotConfigured(format!(
            "{} is `{product}`, which names no type of machine; declare it in the documents of the environment",
            reader.root.shown(PRODUCT)
        ))),
        product => Ok(product.map(FactValue::Text)),
    });
    reader.table.answer("cloud.instance_type", product, reader.root.shown(PRODUCT));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, FactTable},
        sources::environment::root::Root,
    };
    use std::fs;

    fn told(vendor: &str, product: &str) -> FactTable {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sys/class/dmi/id")).unwrap();
        fs::write(folder.path().join(&VENDOR[1..]), vendor).unwrap();
        fs::write(folder.path().join(&PRODUCT[1..]), product).unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        reader.table
    }

    #[test]
    fn a_type_is_told_only_where_the_firmware_names_one() {
        let ec2 = told("Amazon EC2\n", "m6i.2xlarge\n");
        assert_eq!((ec2.value("cloud.vendor"), ec2.value("cloud.instance_type")), (Some("Amazon EC2"), Some("m6i.2xlarge")));
        let metal = told("Dell Inc.\n", "PowerEdge R740\n");
        assert_eq!(metal.value("cloud.instance_type"), Some("PowerEdge R740"));
        // Two machines of Google's bear the same name whatever their types are: that is no match.
        for (vendor, product) in [
            ("Google\n", "Google Compute Engine\n"),
            ("Microsoft Corporation\n", "Virtual Machine\n"),
            ("QEMU\n", "Standard PC (Q35 + ICH9, 2009)\n"),
        ] {
            let table = told(vendor, product);
            assert!(table.value("cloud.vendor").is_some());
            assert!(matches!(&table.0["cloud.instance_type"], Cell::Gap(Gap::NotConfigured(why)) if why.contains("names no type")), "{product}");
        }
    }

    #[test]
    fn firecracker_has_no_firmware_that_tells() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        assert_eq!((&reader.table.0["cloud.vendor"], &reader.table.0["cloud.instance_type"]), (&Cell::Absent, &Cell::Absent));
    }
}
