import Model

/// Jobs as people read them.
struct JobText {
    let terminal: Terminal
    let now: Timestamp

    /// In the order given.
    func table(_ jobs: [JobRecord]) -> String {
        var table = Table([
            Table.Column("JOB", .right, importance: 9, minimum: 3), Table.Column("BEGAN", importance: 7, minimum: 23),
            Table.Column("OUTCOME", importance: 8, minimum: 8), Table.Column("TOOK", .right, importance: 7, minimum: 6),
            Table.Column("FOR", importance: 3, minimum: 6), Table.Column("COMMAND", importance: 8, minimum: 12),
        ])
        for job in jobs {
            table.add(
                ["\(job.number)", job.began.readable, job.outcome.rawValue, took(job), job.wanted, job.command], note: job.message)
        }
        return table.text(for: terminal)
    }

    func details(_ job: JobRecord, _ log: [JobLogLine]) -> String {
        var fields = Fields()
        fields.add("job", "\(job.number), \(job.outcome.rawValue)")
        fields.add("command", job.command)
        fields.add("for", job.wanted)
        fields.add("began", "\(job.began.readable) (\(relativeAge(of: job.began, at: now)))")
        fields.add("took", job.seconds.map { DurationText.spoken(seconds: $0) })
        fields.add("because", words: job.message)
        fields.add("hint", words: job.hint)
        return ([fields.text(for: terminal), ""] + log.map { "\($0.time.readable)  \(printable($0.text, limit: 2000))" })
            .joined(separator: "\n")
    }

    private func took(_ job: JobRecord) -> String {
        switch job.outcome {
        case .skipped, .interrupted: ""
        case .running: DurationText.short(seconds: max(0, now.secondsSince(job.began))) + " so far"
        case .done, .failed, .stopped: job.seconds.map { DurationText.spoken(seconds: $0) } ?? ""
        }
    }
}
