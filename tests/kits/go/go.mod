module sample

go 1.19

require example.org/mock-imds/imdstest v0.1.0
