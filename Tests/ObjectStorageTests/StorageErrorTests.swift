import Glibc
import HostIO
import Model
import ObjectStorage
import Testing

@Suite struct StorageErrorTests {
    @Test(arguments: [
        (ENOENT, StorageError.Kind.notFound), (EEXIST, .exists), (ENOSPC, .noSpace), (EDQUOT, .noSpace), (EROFS, .readOnly),
        (EACCES, .permission), (EPERM, .permission), (ESTALE, .unreachable), (ENOTCONN, .unreachable), (ENODEV, .unreachable),
        (ETIMEDOUT, .unreachable), (EIO, .inputOutput),
        (ELOOP, .misplaced), (ENOTDIR, .misplaced), (EISDIR, .misplaced), (EMFILE, .unreachable), (ENFILE, .unreachable),
    ]) func eachErrorOfTheSystemHasItsMeaning(number: Int32, kind: StorageError.Kind) {
        let error = StorageError(SystemError(number, "open", "/mnt/nas/data"), "data/ab", in: "/mnt/nas")
        #expect(error.kind == kind)
        #expect(error.failure.message.hasPrefix("/mnt/nas/data/ab: "))
        #expect(error.failure.cause?.hasPrefix("cannot open: ") == true)
        #expect(kind == .exists || error.failure.hint != nil)
    }

    @Test(arguments: [ENOSPC, EDQUOT, EROFS, EACCES, EIO, ESTALE, ENOTCONN, ENOENT, EMFILE, ELOOP, 9999]) func everySystemErrorHasARemedy(
        number: Int32
    ) {
        let failure = SystemError(number, "open", "/x").failure
        #expect(failure.hint?.isEmpty == false && failure.cause?.isEmpty == false)
    }
}
