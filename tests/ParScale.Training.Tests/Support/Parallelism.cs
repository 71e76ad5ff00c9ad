using Xunit.Sdk;
using Xunit.v3;

// Tests count all tensors of the process and use torch's one global generator: they take turns.
[assembly: Parallelization(Mode = ParallelMode.None)]
