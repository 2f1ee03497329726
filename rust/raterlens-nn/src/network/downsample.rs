//! Sub-sampling by two, plain or after a blur.
//!
//! Plain strides alias: shifting an image by one pixel may change the features altogether. Zhang 2019 ("Making
//! convolutional networks shift-invariant again") computes densely, blurs by a binomial filter and sub-samples
//! then. Choices here: the filter 1 2 1, reflected borders, and every sub-sampling of the network, the root included.

use tch::{TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// Weights of the blur along each axis, times 4.
const BINOMIAL: [f32; 3] = [1.0, 2.0, 1.0];

/// Blurs `[N, C, H, W]` by 1 2 1 along rows and columns and keeps every second pixel, the first one included.
pub(crate) fn blur_pool(x: &Tensor) -> Result<Tensor> {
    let (_, channels, _, _) = x.size4()?;
    let line = Tensor::f_from_slice(&BINOMIAL)?.f_div_scalar(4.0)?;
    let filter = line.f_outer(&line)?.f_to_device(x.device())?;
    let filter = filter
        .f_to_kind(x.kind())?
        .f_expand([channels, 1, 3, 3], false)?;
    let padded = x.f_reflection_pad2d([1, 1, 1, 1])?;
    let none = None::<&Tensor>;
    padded.f_conv2d(&filter, none, [2, 2], [0, 0], [1, 1], channels)
}

/// 3 x 3 max-pool of stride 2 and padding 1; with `blur`, dense and then blurred.
pub(crate) fn max_pool_three(x: &Tensor, blur: bool) -> Result<Tensor> {
    let stride = if blur { 1 } else { 2 };
    let y = x.f_max_pool2d([3, 3], [stride, stride], [1, 1], [1, 1], false)?;
    if blur {
        blur_pool(&y)
    } else {
        Ok(y)
    }
}

/// 2 x 2 max-pool of stride 2; with `blur` a dense 3 x 3 one (which has a centre pixel) and then blurred.
pub(crate) fn max_pool_two(x: &Tensor, blur: bool) -> Result<Tensor> {
    if blur {
        max_pool_three(x, true)
    } else {
        x.f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    /// Stripes of one pixel: the case of Zhang's figure 2.
    fn stripes(shift: i64) -> Tensor {
        let x = Tensor::arange(16, (Kind::Float, tch::Device::Cpu)) + shift;
        x.remainder(2.0).expand([1, 3, 16, 16], false).contiguous()
    }

    #[test]
    fn stripes_and_their_shift_look_alike_after_a_blur_and_opposite_without() {
        let plain = |x: &Tensor| x.slice(3, 0, None, 2);
        assert_eq!(f64::try_from(plain(&stripes(0)).max()).unwrap(), 0.0);
        assert_eq!(f64::try_from(plain(&stripes(1)).min()).unwrap(), 1.0);
        for shift in [0, 1] {
            // By hand: each pixel is 1/4 of both neighbours and 1/2 of itself, 1/2 either way.
            let y = blur_pool(&stripes(shift)).unwrap();
            assert_eq!(y.size(), [1, 3, 8, 8]);
            assert!(y.allclose(&(y.ones_like() * 0.5), 0.0, 1e-6, false));
        }
    }

    #[test]
    fn both_pools_halve_the_grid() {
        let x = stripes(0);
        for blur in [false, true] {
            assert_eq!(max_pool_two(&x, blur).unwrap().size(), [1, 3, 8, 8]);
            assert_eq!(max_pool_three(&x, blur).unwrap().size(), [1, 3, 8, 8]);
        }
    }
}
