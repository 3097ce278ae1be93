use crate::model::rig::Quantity;

/// At most one value per quantity, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures([Option<f64>; 3]);

impl Figures {
    /// The value of a quantity, if there is one.
    pub fn get(&self, quantity: Quantity) -> Option<f64> {
        self.0[place(quantity)]
    }
    /// Sets a value; what is not a number is no value.
    pub fn set(&mut self, quantity: Quantity, ms: Option<f64>) {
        self.0[place(quantity)] = ms.filter(|x| x.is_finite());
    }
    /// All three at once.
    pub fn of(ttft: Option<f64>, total: Option<f64>, inter_chunk: Option<f64>) -> Figures {
        let mut figures = Figures::default();
        figures.set(Quantity::Ttft, ttft);
        figures.set(Quantity::Total, total);
        figures.set(Quantity::InterChunk, inter_chunk);
        figures
    }
}

fn place(quantity: Quantity) -> usize {
    match quantity {
        Quantity::Ttft => 0,
        Quantity::Total => 1,
        Quantity::InterChunk => 2,
    }
}
