using ParScale.Training.Commands;

return CommandLine.Run(args);
