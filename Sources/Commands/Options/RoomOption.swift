import ArgumentParser
import Snapshots

/// `--ignore-space`.
struct RoomOption: ParsableArguments {
    @Flag(help: "Go on though there may be too little room: what is counted is the most that can be needed.")
    var ignoreSpace = false

    var check: RoomCheck { ignoreSpace ? .warns : .refuses }
}
