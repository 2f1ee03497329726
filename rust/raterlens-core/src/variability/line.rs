//! The later passes of the distance: along a line, given the distances across it.
//!
//! On a line, the nearest voxel of the other side either lies straight across (at a known squared distance, the
//! *height*) at some voxel of the same run of equal labels, or is the voxel just beyond an end of that run; anything
//! further along is farther away. So the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012,
//! doi:10.4086/toc.2012.v008a019) is taken run by run, and serves both sides at once. The same holds in each further
//! dimension.

/// One parabola `height + scale * (x - position)^2`, lowest from `from` on.
#[derive(Debug, Clone, Copy)]
struct Parabola {
    position: f64,
    height: f64,
    from: f64,
}

/// Works on lines of one spacing.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Spacing along the line, squared.
    scale: f64,
    /// `1 / (2 scale)`.
    half_per_scale: f64,
    /// Heights from here on play no part: the soft label is saturated.
    limit: f64,
    envelope: Vec<Parabola>,
}

impl Line {
    pub(super) fn new(spacing: f64, limit: f64) -> Self {
        Self {
            scale: spacing * spacing,
            half_per_scale: 0.5 / (spacing * spacing),
            limit,
            envelope: Vec::new(),
        }
    }

    /// Squared distance to the nearest voxel of the other side for each voxel of a line, from the sides (`inside`) and
    /// the squared distances across the line (`heights`, infinite where there is none). Right below the limit.
    pub(super) fn squared(&mut self, inside: &[bool], heights: &[f64], out: &mut [f64]) {
        let mut start = 0;
        for run in inside.chunk_by(|a, b| a == b) {
            let end = start + run.len();
            self.envelope.clear();
            if start > 0 {
                self.push(start as f64 - 1.0, 0.0);
            }
            for (x, &height) in (start..end).zip(heights.get(start..end).unwrap_or(&[])) {
                if height < self.limit {
                    self.push(x as f64, height);
                }
            }
            if end < inside.len() {
                self.push(end as f64, 0.0);
            }
            self.sample(start, out.get_mut(start..end).unwrap_or(&mut []));
            start = end;
        }
    }

    fn push(&mut self, position: f64, height: f64) {
        let mut from = f64::NEG_INFINITY;
        while let Some(last) = self.envelope.last() {
            from = self.crossing(last, position, height);
            if from > last.from {
                break;
            }
            self.envelope.pop();
            from = f64::NEG_INFINITY;
        }
        self.envelope.push(Parabola {
            position,
            height,
            from,
        });
    }

    /// Where a parabola to the right of `last` becomes the lower one.
    fn crossing(&self, last: &Parabola, position: f64, height: f64) -> f64 {
        let gap = position - last.position;
        let step = (height - last.height) * self.half_per_scale;
        // Most neighbours are one voxel apart; a division is what this pass spends most of its time on.
        let step = if gap == 1.0 { step } else { step / gap };
        0.5 * (position + last.position) + step
    }

    fn sample(&self, start: usize, out: &mut [f64]) {
        if self.envelope.is_empty() {
            out.fill(f64::INFINITY);
        }
        let stop = (start + out.len()) as f64;
        let mut rest = out;
        let mut x = start as f64;
        let ends = self.envelope.iter().skip(1).map(|next| next.from);
        for (lowest, end) in self.envelope.iter().zip(ends.chain([stop])) {
            // The parabola holds from x to the last voxel before `end`.
            let count = (end.min(stop) - x).ceil().max(0.0);
            let (here, after) = rest.split_at_mut(rest.len().min(count as usize));
            for value in here {
                let gap = x - lowest.position;
                *value = lowest.height + self.scale * (gap * gap);
                x += 1.0;
            }
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_by_hand() {
        // Spacing 2; outside, three inside, outside. The middle voxel has a way out across, 1.5 squared.
        let inside = [false, true, true, true, false];
        let far = f64::INFINITY;
        let heights = [far, far, 2.25, far, far];
        let mut out = [0.0; 5];
        Line::new(2.0, far).squared(&inside, &heights, &mut out);
        assert_eq!(out, [4.0, 4.0, 2.25, 4.0, 4.0]);
        // What lies across another run is of no use: (0, 4] is nearer than any of its heights.
        let across = [1.0, far, far, far, 1.0];
        Line::new(2.0, far).squared(&inside, &across, &mut out);
        assert_eq!(out, [1.0, 4.0, 16.0, 4.0, 1.0]);
    }

    #[test]
    fn a_line_of_one_side_without_a_way_across_is_infinitely_far() {
        let mut out = [0.0; 3];
        let far = f64::INFINITY;
        Line::new(1.0, far).squared(&[true; 3], &[far; 3], &mut out);
        assert_eq!(out, [far; 3]);
    }
}
