use super::{group::Group, host, network::Network, tree::Tree};
use crate::{model::evidence::Gap, sources::notebook::Notebook};

/// Somebody who was found and is read.
pub enum Target {
    /// By the files of a control group.
    Group(Box<Group>),
    /// Processes, and bytes of the first one's network namespace.
    Tree(Box<Tree>, Option<Network>),
    /// The machine, and its network.
    Host(Option<Network>),
}

impl Target {
    /// Reads CPU time now; all the rest, too, where it is its turn. An error: it is gone, or cannot be read at all.
    pub fn read(&mut self, slow: bool, book: &mut Notebook) -> Result<(), Gap> {
        let network = match self {
            Target::Group(group) => return group.read(slow, book),
            Target::Tree(tree, network) => {
                tree.read(slow, book)?;
                network
            }
            Target::Host(network) => {
                host::read(slow, book)?;
                network
            }
        };
        if slow && let Some(network) = network {
            network.read(book);
        }
        Ok(())
    }
}
