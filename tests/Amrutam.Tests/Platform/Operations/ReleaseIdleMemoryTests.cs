using Amrutam.Platform.Operations;

namespace Amrutam.Tests.Platform.Operations;

public sealed class ReleaseIdleMemoryTests
{
    const long Megabyte = 1 << 20;

    [Fact]
    public void Memory_is_released_once_in_the_first_quiet_minute_after_a_load()
    {
        var job = new ReleaseIdleMemory();
        long allocated = 0;
        bool[] due = [.. new[] { 100, 900, 5, 5, 31, 40, 1 }.Select(megabytes =>
            job.IsDue(allocated += megabytes * Megabyte))];
        due.ShouldBe([false, false, true, false, false, false, true]);
    }
}
