//! Numbers drawn from samples: median, quartiles, percentiles, ratios. Knows nothing of what was measured.

/// Samples of one quantity, in the order they were taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Samples(pub(crate) Vec<f64>);

impl Samples {
    pub(crate) fn one(value: f64) -> Self {
        Self(vec![value])
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sample below which `share` of all samples lie, by the nearest rank: always a value that was measured.
    pub(crate) fn percentile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank among few samples"
        )]
        let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied()
    }

    /// The middle sample; of an even number, the mean of the two in the middle.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        if sorted.len() % 2 == 1 {
            return Some(upper);
        }
        let lower = sorted.get(sorted.len() / 2 - 1)?;
        Some(f64::midpoint(*lower, upper))
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.0.iter().copied().max_by(f64::total_cmp)
    }

    /// The distance between the quartiles: how far half of the samples spread. `None` for fewer than three.
    pub(crate) fn spread(&self) -> Option<f64> {
        (self.len() >= 3).then_some(())?;
        Some(self.percentile(0.75)? - self.percentile(0.25)?)
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

/// The ratio of each pair that was measured together, so that what slowed both down cancels; without pairs, the ratio of
/// the medians.
pub(crate) fn ratio(figure: &Samples, control: &Samples) -> Option<f64> {
    let whole = |pair: (&f64, &f64)| (*pair.1 > 0.0).then(|| pair.0 / pair.1);
    if figure.len() == control.len() && !figure.is_empty() {
        return figure
            .0
            .iter()
            .zip(&control.0)
            .filter_map(whole)
            .collect::<Samples>()
            .median();
    }
    whole((&figure.median()?, &control.median()?))
}
