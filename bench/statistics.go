package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// median is the middle one, or the higher of the two.
func median[T cmp.Ordered](of []T) T { return quantile(of, 0.5) }

// quantile is what the share (0 to 1) of the values is within.
func quantile[T cmp.Ordered](of []T, share float64) T {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(int(float64(len(sorted))*share), len(sorted)-1)]
}

// spread prints the median and the extremes.
func spread(of []float64, format string) string {
	if len(of) == 1 {
		return fmt.Sprintf(format, of[0])
	}
	return fmt.Sprintf("median "+format+", "+format+" to "+format, median(of), slices.Min(of), slices.Max(of))
}

// percentiles prints the distribution of durations in milliseconds.
func percentiles(of []time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("p50 %.1f ms, p90 %.1f, p99 %.1f, the longest %.1f", ms(median(of)), ms(quantile(of, 0.9)), ms(quantile(of, 0.99)), ms(slices.Max(of)))
}

// figure prints a result of the measurement in the form that `bench all` reads.
func figure(name string, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // there was nothing to compare with
	}
	fmt.Printf("figure %s = %.4g\n", name, value)
}
