/// Sizes come from trees that anybody may have written: their sums stop at the ends of the range instead of trapping.
extension UInt64 {
    mutating func grow(by amount: UInt64) {
        let sum = addingReportingOverflow(amount)
        self = sum.overflow ? .max : sum.partialValue
    }
}
