module example.org/mock-imds/imdstest

go 1.19
