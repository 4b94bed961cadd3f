import Model

/// Strategies against what is asked of them, as people read it.
struct ObjectiveText {
    let terminal: Terminal

    func table(_ readings: [ObjectiveReading]) -> String {
        var table = Table([
            Table.Column("OF", importance: 9, minimum: 10), Table.Column("NEWEST GOOD", importance: 8, minimum: 11),
            Table.Column("AIM (RPO)", importance: 7, minimum: 9), Table.Column("BACK IN", importance: 6, minimum: 8),
            Table.Column("AIM (RTO)", importance: 5, minimum: 9),
        ])
        for reading in readings {
            let isOfTime = reading.strategy != .drills
            table.add([
                reading.title, reading.age.map { "\(DurationText.age(seconds: $0)) old" } ?? "none yet",
                mark("\(spoken(reading.rpo))", reading.ageIsBeyond),
                reading.recovery.map { spoken($0.seconds) } ?? (isOfTime ? "not measured" : ""),
                mark(reading.rto.map(spoken) ?? "", reading.recoveryIsBeyond),
            ])
        }
        return table.text(for: terminal)
    }

    private func spoken(_ seconds: Double) -> String { DurationText.spoken(seconds: seconds) }

    private func mark(_ text: String, _ isBeyond: Bool) -> String { isBeyond ? "\(text), MISSED" : text }
}
