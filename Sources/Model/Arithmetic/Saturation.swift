/// Numbers that were read may be anything: what is counted from them stops at the ends of the range instead of trapping.
extension FixedWidthInteger {
    package func addingSaturated(_ other: Self) -> Self {
        let sum = addingReportingOverflow(other)
        guard sum.overflow else { return sum.partialValue }
        return other < 0 ? .min : .max
    }

    package func subtractingSaturated(_ other: Self) -> Self {
        let difference = subtractingReportingOverflow(other)
        guard difference.overflow else { return difference.partialValue }
        return other < 0 ? .max : .min
    }

    package func multipliedSaturated(by other: Self) -> Self {
        let product = multipliedReportingOverflow(by: other)
        guard product.overflow else { return product.partialValue }
        return (self < 0) == (other < 0) ? .max : .min
    }
}

extension FixedWidthInteger {
    /// The nearest number there is; 0 for what is none.
    package init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else {
            self = Self(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
        }
    }
}

extension Sequence {
    /// The sum, as far as the range goes.
    package func saturatedSum<Number: FixedWidthInteger>(_ number: (Element) -> Number) -> Number {
        reduce(0) { $0.addingSaturated(number($1)) }
    }
}
