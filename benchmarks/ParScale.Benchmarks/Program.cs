using BenchmarkDotNet.Running;
using ParScale.Benchmarks.Engine;

// One class per op by BenchmarkDotNet; what the engine does with many requests is a run of its own.
if (args is ["engine", ..]) EngineFigures.Run(args[1..]);
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
