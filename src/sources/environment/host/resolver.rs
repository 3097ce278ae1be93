//! How names are looked up (resolv.conf(5)).

use super::reader::{Reader, Says};
use crate::kept;

const RESOLV: &str = "/etc/resolv.conf";

/// `net.resolvers`, `net.search`, `net.resolver_options`.
pub fn tell(reader: &mut Reader<'_>) {
    let facts: [(&str, &dyn Fn(&str) -> Says); 3] = [("net.resolvers", &servers), ("net.search", &search), ("net.resolver_options", &options)];
    reader.tell_all(RESOLV, &facts);
}

fn servers(of: &str) -> Says {
    members(lines(of).filter(|(key, _)| *key == "nameserver").filter_map(|(_, rest)| rest.split_whitespace().next()))
}

/// Of several lines of `search` and `domain` the last one counts.
fn search(of: &str) -> Says {
    members(lines(of).filter(|(key, _)| ["search", "domain"].contains(key)).last().into_iter().flat_map(|(_, rest)| rest.split_whitespace()))
}

fn options(of: &str) -> Says {
    members(lines(of).filter(|(key, _)| *key == "options").flat_map(|(_, rest)| rest.split_whitespace()))
}

fn members<'a>(of: impl Iterator<Item = &'a str>) -> Says {
    kept::set(of, RESOLV).map(Some).map_err(|_| "a short list")
}

/// Comments begin with `#` or `;`.
fn lines(of: &str) -> impl Iterator<Item = (&str, &str)> {
    of.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])).filter_map(|line| line.split_once(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_of_kubernetes() {
        // As the kubelet writes it.
        let text = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";
        let shown = |says: Says| says.unwrap().unwrap().to_string();
        assert_eq!(shown(servers(text)), "10.96.0.10");
        assert_eq!(shown(search(text)), "cluster.local, shop.svc.cluster.local, svc.cluster.local");
        assert_eq!(shown(options(text)), "ndots:5");
    }

    #[test]
    fn the_last_search_counts_and_comments_do_not() {
        let text = "# nameserver 1.1.1.1\n;options x\ndomain old.example\nsearch new.example\nnameserver ::1\nnameserver 127.0.0.53 # stub\noptions edns0\noptions trust-ad rotate\n";
        let shown = |says: Says| says.unwrap().unwrap().to_string();
        assert_eq!((shown(servers(text)), shown(search(text))), ("127.0.0.53, ::1".into(), "new.example".into()));
        assert_eq!((shown(options(text)), shown(search("nameserver ::1\n"))), ("edns0, rotate, trust-ad".into(), "(empty)".into()));
    }
}
