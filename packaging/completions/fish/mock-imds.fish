# Completion of mock-imds for fish. The program itself completes, so that this file fits every version.
MOCK_IMDS_COMPLETE=fish mock-imds | source
