from course.exercises import mutant

mutant("two_sides", "adds zeros at the top and on the left only", replace="np.pad(image, width)",
       by="np.pad(image, ((width, 0), (width, 0)))", loses=["zeros_all_around", "any_width"])
mutant("always_one", "adds one row and column, whatever was asked", replace="np.pad(image, width)",
       by="np.pad(image, 1)", loses=["any_width"])
mutant("ones", "adds ones", replace="np.pad(image, width)",
       by="np.pad(image, width, constant_values=1)", loses=["zeros_all_around", "any_width"])
mutant("highest_level", "gives the highest level instead of their number", replace="2**8", by="255",
       loses=["counts_levels"])
mutant("column_first", "swaps row and column", replace="int(row), int(column)",
       by="int(column), int(row)", loses=["finds_the_pixel", "negative_values"])
mutant("from_zero", "begins its search at zero", task="brightest", by="""
levels = 256
def brightest(image):
    best, place = 0, (0, 0)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            if image[row, column] > best:
                best, place = image[row, column], (row, column)
    return place
""", loses=["negative_values"])
