"""The course: the list of lessons (`syllabus`), `lenet lab` (`lab`), a check of the installation (`environment`), shared images
(`shared_data`)."""
