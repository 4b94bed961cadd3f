import Model

/// What a cluster would survive.
struct AdviceResult: Encodable {
    struct Line: Encodable {
        var fault: Fault
        var title: String
        var cover: FaultAdvice.Cover
        var by: OrNull<String>
        var rpo: OrNull<Exposure>
        /// Seconds that were asked for; null when nobody did.
        var rpoAim: OrNull<Double>
        /// Seconds, as measured; null when it never was.
        var rto: OrNull<Double>
        var rtoSource: OrNull<String>
        var rtoAim: OrNull<Double>
        var missing: [FaultAdvice.Gap]
        var remedy: OrNull<String>

        init(_ advice: FaultAdvice) {
            fault = advice.fault
            title = advice.fault.title
            cover = advice.cover
            by = OrNull(advice.by)
            rpo = OrNull(advice.rpo)
            rpoAim = OrNull(advice.rpoAim)
            rto = OrNull(advice.rto)
            rtoSource = OrNull(advice.rtoSource)
            rtoAim = OrNull(advice.rtoAim)
            missing = advice.missing
            remedy = OrNull(advice.remedy)
        }
    }

    var cluster: String
    var faults: [Line]

    init(_ facts: AdviceFacts, _ advice: [FaultAdvice]) {
        cluster = facts.cluster
        faults = advice.map(Line.init)
    }
}
