"""What the checks ask of a submission besides plain calls."""


def bank_afterwards(student, images, bank):
    """The caller's kernels, after `energy_shares` has had them."""
    student.energy_shares(images, bank)
    return bank
