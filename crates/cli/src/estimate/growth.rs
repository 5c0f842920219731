//! Growth of a cost with the number of items, by one or two measurements.

/// Cost of a number of items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostOfItems {
    pub items: f64,
    pub cost: f64,
}

/// A cost that does not depend on the number of items, and one for each item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    pub fixed: f64,
    pub each: f64,
}

/// Two measurements tell how a cost grows if the second is of so many times the items.
const APART: f64 = 1.5;

impl Growth {
    /// Growth that two measurements tell, the smaller first; none where they are of about as many items.
    pub fn between(small: CostOfItems, large: CostOfItems) -> Option<Self> {
        if small.items <= 0.0 || large.items < small.items * APART {
            return None;
        }
        let each = ((large.cost - small.cost) / (large.items - small.items)).max(0.0);
        Some(Self::through(large, each))
    }

    /// Growth of so much an item that meets one measurement, as far as it can: nothing costs less than nothing.
    pub fn through(measured: CostOfItems, each: f64) -> Self {
        let most = measured.cost / measured.items.max(1.0);
        let each = each.min(most);
        Self {
            fixed: (measured.cost - each * measured.items).max(0.0),
            each,
        }
    }

    /// Growth of a cost that each item has alike.
    pub fn proportional(measured: CostOfItems) -> Self {
        Self::through(measured, f64::INFINITY)
    }

    /// Cost of so many items.
    pub fn cost(self, items: f64) -> f64 {
        self.fixed + self.each * items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(items: f64, cost: f64) -> CostOfItems {
        CostOfItems { items, cost }
    }

    #[test]
    fn two_measurements_tell_what_is_fixed_and_what_grows() {
        let growth = Growth::between(of(10.0, 3.0), of(100.0, 12.0)).unwrap();
        assert!((growth.fixed - 2.0).abs() < 1e-9 && (growth.cost(1000.0) - 102.0).abs() < 1e-9);
        // Noise: the larger was faster.
        let flat = Growth::between(of(10.0, 3.0), of(100.0, 2.0)).unwrap();
        assert_eq!(flat.cost(1e6), 2.0);
        // A first that cost nothing does not make the fixed part negative.
        let steep = Growth::between(of(10.0, 0.0), of(20.0, 2.0)).unwrap();
        assert_eq!((steep.fixed, steep.cost(20.0)), (0.0, 2.0));
        assert_eq!(Growth::between(of(10.0, 3.0), of(12.0, 3.3)), None);
    }

    #[test]
    fn one_measurement_is_met() {
        let known_rate = Growth::through(of(16.0, 5.0), 0.25);
        assert_eq!((known_rate.fixed, known_rate.cost(116.0)), (1.0, 30.0));
        assert_eq!(Growth::proportional(of(16.0, 8.0)).cost(32.0), 16.0);
        assert_eq!(Growth::through(of(16.0, 1.0), 0.25).fixed, 0.0);
    }
}
