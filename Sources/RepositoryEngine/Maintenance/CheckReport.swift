package import ResticFormat

/// How much of the data a check reads. A pack that is suspect (of another size than it should be, or noted as damaged) is read in any case.
package enum DataReading: Hashable, Sendable {
    /// Index, trees, and the presence and size of packs.
    case none
    /// So large a part of the packs, chosen at random: 0 ... 1.
    case sample(Double)
    /// Every byte.
    case all
}

package struct CheckReport: Sendable {
    package var problems: [CheckProblem] = []
    /// Packs in the storage that no index lists: harmless, left by an interrupted run; the next prune takes them.
    package var orphanedPacks: [PackID] = []
    /// Packs that are missing or not what was written, whether that costs anything or not.
    package var damagedPacks: Set<PackID> = []
    /// Those of ``damagedPacks`` that only reading shows to be damaged.
    package var packsDamagedInside: Set<PackID> = []
    /// Packs that were read and are whole.
    package var packsProven: Set<PackID> = []
    package var snapshots = 0
    package var trees = 0
    package var blobs = 0
    package var packs = 0
    package var packsRead = 0
    package var bytesRead: UInt64 = 0

    package var isSound: Bool { problems.isEmpty }
    /// Whether everything that was checked can be restored, whatever else is wrong.
    package var isRestorable: Bool { !problems.contains(where: \.isLoss) }
}
